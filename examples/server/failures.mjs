// What a client is told when a request fails: one status and one sentence for each fault.

import { httpStatus } from 'blasnet/serving';

/** A fault that the service itself finds. */
export class ServiceError extends Error {
  /**
   * @param {number} statusCode
   * @param {string} code
   * @param {string} message
   */
  constructor(statusCode, code, message) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/** Fastify's errors have a status of their own, such as 413 for a large body; those of blasnet have one by their code. */
export function statusOf(error) {
  return error.statusCode ?? httpStatus(error);
}

/** The sentence for a client. What is wrong with the service itself is for its log. */
export function messageOf(error) {
  if (statusOf(error) === 500) return 'The service has failed; its log says why';
  return error.row === undefined ? error.message : `Record ${error.row}: ${error.message}`;
}

/** Sets the status and the headers of an answer to an error. */
export function markFailed(error, request, reply) {
  const status = statusOf(error);
  if (status === 503) reply.header('retry-after', '1');
  if (status === 500) request.log.error(error);
  return reply.code(status);
}

export function answerError(error, request, reply) {
  const { code = 'ERROR', field, rule, row } = error;
  const body = statusOf(error) === 500 ? { code: 'INTERNAL' } : { code, field, rule, row };
  return markFailed(error, request, reply).send({ ...body, message: messageOf(error) });
}

export function answerNotFound(request, reply) {
  return reply.code(404).send({ code: 'NOT_FOUND', message: `There is no ${request.method} ${request.url}` });
}
