// Errors that go to another process.

import { AbortError, blasnetError, type ErrorCode, errorClasses } from '../../base/errors';
import { doesEndSearch, endsSearch } from '../trials';

export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: ErrorCode | string | undefined;
  readonly endsSearch: boolean;
}

export function sentError(error: unknown): SentError {
  const { name, message, stack, code } = (
    error instanceof Error ? error : new Error(String(error))
  ) as Error & {
    code?: string;
  };
  return { name, message, stack, code, endsSearch: doesEndSearch(error) };
}

export function errorOf(sent: SentError): Error {
  const error = madeFrom(sent);
  return sent.endsSearch ? endsSearch(error) : error;
}

function madeFrom({ name, message, code, stack }: SentError): Error {
  if (code === 'ABORT_ERR') return new AbortError(message);
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  if (code !== undefined && code in errorClasses) return blasnetError(code as ErrorCode, message, { cause });
  return Object.assign(cause, { name, ...(code !== undefined && { code }) });
}
