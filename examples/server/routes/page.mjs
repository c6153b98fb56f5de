// The page at /, with its parts.

import { readFileSync } from 'node:fs';

const parts = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/page.mjs', file: 'page.mjs', type: 'text/javascript; charset=utf-8' },
  { url: '/chart.mjs', file: 'chart.mjs', type: 'text/javascript; charset=utf-8' },
  { url: '/form.mjs', file: 'form.mjs', type: 'text/javascript; charset=utf-8' },
  { url: '/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
];

/** @type {import('fastify').FastifyPluginAsync} */
export async function pageRoutes(app) {
  for (const { url, file, type } of parts) {
    const content = readFileSync(new URL(`../page/${file}`, import.meta.url));
    app.get(url, (_, reply) => {
      // The page runs its own scripts alone.
      reply.header('content-security-policy', "default-src 'self'; img-src 'self' data:");
      reply.header('cache-control', 'no-cache').type(type).send(content);
    });
  }
}
