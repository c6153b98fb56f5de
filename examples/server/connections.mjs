// Connections without a request. Clients and load balancers open some in advance, and Node counts these as busy: a server
// would wait a minute for their first request before it has closed.

/** Lets a server that closes end the connections on which nothing has come yet. */
export function endUnusedConnections(app) {
  const sockets = new Set();
  app.server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', async () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    // Until the server no longer listens, one more may come.
    app.server.on('connection', (socket) => socket.destroy());
  });
}
