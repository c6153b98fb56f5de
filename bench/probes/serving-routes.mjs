// The predict route of a service beside the same route that returns a constant, loaded in turns.
//
//   node serving-routes.mjs '{"library": ..., "served": ..., "seconds": ...}'
//
// prints the milliseconds of a request on either route, and the processor time of the service for it: { predict, constant,
// predictUsage, constantUsage }.

import { expectEqual, load, post, readFloats, rowBody, startService } from '../harness/services.mjs';
import { median } from '../harness/statistics.mjs';

const { library, served, seconds } = JSON.parse(process.argv[2] ?? '');
const turns = 6;
const service = await startService({ library, ...served });
const body = rowBody(served);
const routes = /** @type {const} */ (['predict', 'constant']);

const answers = Object.fromEntries(
  await Promise.all(
    routes.map(async (route) => [route, (await post(`${service.url}/${route}`, 'json', body)).toString()]),
  ),
);
await verify();

/** @type {Record<string, number[]>} */
const figures = { predict: [], constant: [], predictUsage: [], constantUsage: [] };
for (let turn = -1; turn < turns; turn++) {
  for (const route of turn % 2 === 0 ? routes : routes.toReversed()) {
    const before = await service.usage();
    const { requests, milliseconds } = await load(`${service.url}/${route}`, {
      ...{ body, form: 'json', connections: 16, answer: answers[route] },
      seconds: seconds / 2,
    });
    const used = (await service.usage()) - before;
    if (turn < 0) continue; // the warm-up
    figures[route]?.push(milliseconds / requests);
    figures[`${route}Usage`]?.push(used / 1000 / requests);
  }
}
await service.stop();
console.log(
  JSON.stringify(Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, median(values)]))),
);

async function verify() {
  const expected = readFloats(served, 'outputs');
  for (let i = 0; i < 20; i++) {
    const answer = JSON.parse((await post(`${service.url}/predict`, 'json', rowBody(served, i))).toString());
    expectEqual([answer.prediction], expected.subarray(i, i + 1));
  }
}
