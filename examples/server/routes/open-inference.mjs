// The Open Inference Protocol, version 2, by REST: the second face of the service. Clients of KServe, Triton, MLServer and
// others speak it. https://github.com/kserve/open-inference-protocol

import { createRequire } from 'node:module';
import { sizeHeader, toBytes, withBytes } from '../binary-tensors.mjs';
import { markFailed, messageOf, ServiceError } from '../failures.mjs';
import {
  inputsOf,
  isAbsent,
  isObject,
  outputsOf,
  recordsOf,
  refused,
  requestedOf,
  tensorsOf,
} from '../tensors.mjs';
import { isReady } from './health.mjs';
import { gone } from './predict.mjs';

const { version } = createRequire(import.meta.url)('blasnet/package.json');

/** @type {import('fastify').FastifyPluginAsync} */
export async function openInferenceRoutes(app, { service }) {
  const { live } = service;

  // Errors have one text here, and what a client has written is always a 400.
  app.setErrorHandler((error, request, reply) => {
    markFailed(error, request, reply);
    if (reply.statusCode === 422) reply.code(400);
    reply.send({ error: messageOf(error) });
  });
  app.setNotFoundHandler(({ method, url }, reply) => {
    reply.code(404).send({ error: `There is no ${method} ${url}` });
  });

  // Clients need not say that they send JSON.
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const size = Number(request.headers[sizeHeader] ?? body.length);
    if (!(Number.isSafeInteger(size) && size >= 0 && size <= body.length)) {
      done(refused(`Expected the header ${sizeHeader} to be the size of the JSON in the body`));
      return;
    }
    parseJson(request, body.toString('utf8', 0, size), (error, json) => {
      if (error) return done(error);
      try {
        done(null, withBytes(json, body.subarray(size)));
      } catch (fault) {
        done(fault);
      }
    });
  });

  app.get('/', () => ({ name: 'blasnet-example-server', version, extensions: ['binary_tensor_data'] }));
  app.get('/health/live', () => ({ live: true }));
  app.get('/health/ready', (_, reply) => {
    const ready = isReady(service);
    // The specification calls it `live`, and its servers `ready`.
    reply.code(ready ? 200 : 503).send({ live: ready, ready });
  });

  // A version in the path must be the live one.
  for (const path of ['/models/:name', '/models/:name/versions/:version']) {
    app.get(path, ({ params }) => {
      const model = modelOf(params);
      return {
        ...{ name: live.name, versions: [String(live.version)], platform: 'blasnet_safetensors' },
        ...{ inputs: inputsOf(model), outputs: outputsOf(model) },
      };
    });

    app.get(`${path}/ready`, ({ params }, reply) => {
      checkName(params);
      const ready = isReady(service);
      if (ready) modelOf(params);
      reply.code(ready ? 200 : 503).send({ name: live.name, ready });
    });

    app.post(`${path}/infer`, async ({ params, body }, reply) => {
      const model = modelOf(params);
      if (!isObject(body)) throw refused('Expected the body to be an object');
      const { id, inputs } = body;
      if (!isAbsent(id) && typeof id !== 'string') throw refused('Expected id to be a string');
      const requested = requestedOf(body, outputsOf(model));
      const records = recordsOf(inputs, model.schema);
      const { probabilities, version } = await answer(records, reply);
      const told = {
        ...{ model_name: live.name, model_version: String(version), id: id ?? undefined },
        outputs: tensorsOf(requested, probabilities, model),
      };
      const binary = new Set(requested.filter(({ binary }) => binary).map(({ name }) => name));
      if (binary.size === 0) return told;
      const { json, bytes } = toBytes(told, binary);
      reply.header(sizeHeader, json.length).type('application/octet-stream');
      return Buffer.concat([json, bytes]);
    });
  }

  // One record may share a batch with those of other requests. The prediction follows from the probabilities.
  async function answer(records, reply) {
    if (records.length > 1) return live.probabilitiesMany(records, gone(reply));
    const { probabilities, version } = await live.probabilities(records[0]);
    return { probabilities: [probabilities], version };
  }

  function checkName({ name }) {
    if (name === live.name) return;
    throw new ServiceError(404, 'NO_MODEL', `There is no model "${name}"; there is "${live.name}"`);
  }

  function modelOf({ name, version }) {
    checkName({ name });
    const { model } = live;
    if (version === undefined || version === String(live.version)) return model;
    const message = `Version "${version}" of "${name}" is not live; version ${live.version} is`;
    throw new ServiceError(404, 'NO_VERSION', message);
  }
}
