// A service with a model: the body of a request is a record, as JSON. See main.mjs, which starts it.

import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { Classifier } from 'blasnet/tables';

const model = await Classifier.load(process.argv[2]);

const server = createServer(async (request, response) => {
  const answer = (status, body) => response.writeHead(status).end(JSON.stringify(body));
  try {
    const record = await json(request);
    if (Array.isArray(record)) throw new TypeError('Expected one record, got an array');
    answer(200, { status: model.predict(record), probabilities: model.probabilities(record) });
  } catch (error) {
    // The body is no JSON, or no record that fits the schema. The message says what is wrong.
    answer(400, { code: error.code, message: error.message });
  }
});

// It ends with the program that started it.
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
