// Many rows a request, and meanwhile another route of the same service.
//
//   node serving-rows.mjs '{"library": ..., "threads": ..., "served": ..., "form": "json" | "octets", "seconds": ...}'
//
// prints the milliseconds of a request, what the model adds to the same route without one, the processor time of the service for
// a request, and the 99th percentile of the milliseconds in which GET /health is answered meanwhile: { rows, model, usage,
// health }, and without a model { constant, constantUsage, constantHealth }.

import { expectEqual, load, post, pulse, readFloats, rowsBody, startService } from '../harness/services.mjs';

const { library, threads, served, form, seconds } = JSON.parse(process.argv[2] ?? '');
const service = await startService({ library, threads, ...served });
const body = rowsBody(served, form);
await verify();

const constant = await measured('constant-rows');
const rows = await measured('rows');
await service.stop();
console.log(
  JSON.stringify({
    ...{ rows: rows.time, model: rows.time - constant.time, usage: rows.usage, health: rows.health },
    ...{ constant: constant.time, constantUsage: constant.usage, constantHealth: constant.health },
  }),
);

async function measured(/** @type {string} */ route) {
  const url = `${service.url}/${route}`;
  await load(url, { body, form, connections: 4, seconds: Math.min(0.5, seconds) });
  const before = await service.usage();
  const { requests, milliseconds } = await load(url, { body, form, connections: 4, seconds });
  const used = (await service.usage()) - before;
  // Requests that wait for each other would delay the other route, too.
  const [{ p99 }] = await Promise.all([
    pulse(`${service.url}/health`, seconds),
    load(url, { body, form, connections: 1, seconds: 1.2 * seconds }),
  ]);
  return { time: milliseconds / requests, usage: used / 1000 / requests, health: p99 };
}

async function verify() {
  const answer = await post(`${service.url}/rows`, form, body);
  const outputs =
    form === 'json'
      ? JSON.parse(answer.toString()).predictions.flat()
      : new Float32Array(answer.buffer.slice(answer.byteOffset, answer.byteOffset + answer.byteLength));
  expectEqual(outputs, readFloats(served, 'outputs'));
}
