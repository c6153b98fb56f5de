/** The status of HTTP for each code. Other errors are faults of the service: 500. */
const statusOfCode: ReadonlyMap<unknown, number> = new Map([
  ['ERR_BLASNET_ARG_TYPE', 400],
  ['ERR_BLASNET_UNKNOWN_OPTION', 400],
  ['ERR_BLASNET_DTYPE', 400],
  ['ERR_BLASNET_ARG_VALUE', 422],
  ['ERR_BLASNET_UNKNOWN_NAME', 422],
  ['ERR_BLASNET_SHAPE', 422],
  ['ERR_BLASNET_NOT_FINITE', 422],
  ['ABORT_ERR', 499],
  ['ERR_BLASNET_BUSY', 503],
  ['ERR_BLASNET_NO_MODEL', 503],
  ['ERR_BLASNET_QUEUE_FULL', 503],
  ['ERR_BLASNET_CLOSED', 503],
]);

/** What signals abort with. The codes of these exceptions are numbers. */
const statusOfName: ReadonlyMap<unknown, number> = new Map([
  ['AbortError', 499],
  ['TimeoutError', 504],
]);

/**
 * The status of HTTP for an error of a prediction: 400 for what is no record at all, or no JSON (a SyntaxError); 422 for a record
 * that does not fit the model's schema, whichever its code; 499 for an aborted call, and 504 if AbortSignal.timeout has
 * aborted it; 503 for a full queue, a closed batcher or slot, a slot without a model, and a network that trains just now; 500
 * for all else.
 */
export function httpStatus(error: unknown): number {
  if (error instanceof SyntaxError) return 400;
  if (typeof error !== 'object' || error === null) return 500;
  const { code, name, cause, field, column } = error as Readonly<Record<string, unknown>>;
  const status = statusOfCode.get(code) ?? statusOfName.get(name) ?? 500;
  // The service's own limit has ended the call, and the caller waits for an answer.
  if (status === 499 && isTimeout(cause)) return 504;
  // A field of the wrong type stands in a record all the same.
  return status === 400 && (field !== undefined || column !== undefined) ? 422 : status;
}

function isTimeout(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError';
}
