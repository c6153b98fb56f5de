// The time from the start of a process to its first answer.
//
//   node serving-start.mjs '{"what": "program" | "service", "library": ..., "served": ...}'
//
// prints { value }, in milliseconds: of a program that predicts a row and prints the outputs, or of a Fastify service that is
// asked for a row. Without a library, the time of a program that prints.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expectEqual, post, readFloats, rowBody, startService } from '../harness/services.mjs';

const { what, library, served } = JSON.parse(process.argv[2] ?? '');
const expected = readFloats(served, 'outputs').subarray(0, 1);
const body = rowBody(served);
console.log(JSON.stringify({ value: what === 'service' ? await ofService() : await ofProgram() }));

async function ofService() {
  const start = performance.now();
  const service = await startService({ library, ...served });
  const answer = await post(`${service.url}/predict`, 'json', body);
  const value = performance.now() - start;
  await service.stop();
  expectEqual([JSON.parse(answer.toString()).prediction], expected);
  return value;
}

async function ofProgram() {
  const path = fileURLToPath(new URL('../services/answer.mjs', import.meta.url));
  const question = JSON.stringify({ library, ...served, ...JSON.parse(body) });
  const start = performance.now();
  const child = spawn(process.execPath, [path, question], { stdio: ['ignore', 'pipe', 'inherit'] });
  let value = 0;
  let out = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    value ||= performance.now() - start;
    out += text;
  }
  const answer = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
  if (library !== undefined) expectEqual(answer.outputs, expected);
  return value;
}
