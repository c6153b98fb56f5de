// Server-sent events: what an EventSource of a browser reads.

/** A client that does not read must not fill the memory: it is cut off, and its EventSource comes back by itself. */
const mostWaiting = 2 ** 20;

/** Turns the answer to a request into a stream of events. */
export function openStream(reply) {
  // From here on, this answer is not Fastify's.
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    // Proxies of nginx would hold events back.
    'x-accel-buffering': 'no',
  });
  // The client knows now that the stream is open, also if no event comes for long.
  raw.write(':\n\n');
  return {
    send({ id, event, data }) {
      raw.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (raw.writableLength > mostWaiting) raw.destroy();
    },
    end: () => raw.end(),
    onClose: (listener) => raw.once('close', listener),
  };
}
