/** The status of HTTP for each code. Other errors are faults of the service: 500. */
const statusOfCode: Readonly<Record<string, number>> = {
  ERR_BLASNET_ARG_TYPE: 400,
  ERR_BLASNET_UNKNOWN_OPTION: 400,
  ERR_BLASNET_DTYPE: 400,
  ERR_BLASNET_ARG_VALUE: 422,
  ERR_BLASNET_UNKNOWN_NAME: 422,
  ERR_BLASNET_SHAPE: 422,
  ERR_BLASNET_NOT_FINITE: 422,
  ABORT_ERR: 499,
  ERR_BLASNET_NO_MODEL: 503,
  ERR_BLASNET_QUEUE_FULL: 503,
  ERR_BLASNET_CLOSED: 503,
};

/**
 * The status of HTTP for an error of a prediction: 400 for what is no record at all, or no JSON (a SyntaxError); 422 for a record
 * that does not fit the model's schema, whichever its code; 499 for an aborted call; 503 for a full queue, a closed batcher
 * or slot, and a slot without a model; 500 for all else.
 */
export function httpStatus(error: unknown): number {
  if (error instanceof SyntaxError) return 400;
  if (typeof error !== 'object' || error === null) return 500;
  const { code, field, column } = error as Readonly<Record<'code' | 'field' | 'column', unknown>>;
  const status = statusOfCode[String(code)] ?? 500;
  // A field of the wrong type stands in a record all the same.
  return status === 400 && (field !== undefined || column !== undefined) ? 422 : status;
}
