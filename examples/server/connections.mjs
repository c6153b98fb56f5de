// Connections on which nothing is asked. A server has closed when its last connection has ended, and clients keep theirs for
// the next request.

import { setTimeout } from 'node:timers/promises';

/** How often to look for connections whose last answer has gone, in milliseconds. */
const pause = 50;

/** Lets a server that closes end such connections. */
export function endUnusedConnections(app) {
  const { server } = app;
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    // A first request may have come that is not read yet. Fastify answers it with 503.
    await setTimeout(pause);
    // Clients and load balancers open some in advance, which Node counts as busy until their first request.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    // Until the server no longer listens, one more may come.
    server.on('connection', (socket) => socket.destroy());
    // Node ends those that are idle when it begins to close; others become so with the answers that are under way.
    const timer = setInterval(() => server.closeIdleConnections(), pause);
    server.once('close', () => clearInterval(timer));
  });
}
