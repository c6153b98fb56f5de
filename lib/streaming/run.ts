import { native } from '../addon/binding';
import { turnOfEventLoop } from '../addon/work';
import { onAbort, throwIfAborted } from '../base/aborts';
import { AbortError, argumentError, blasnetError, isBlasnetError } from '../base/errors';
import { type Chunks, isIterator, type Source } from '../samples/source';

/** @throws TypeError ERR_BLASNET_ARG_TYPE */
export function checkSource(name: string, value: unknown): void {
  const again = 'a function that makes the chunks anew each time, an array of chunks or an async iterable';
  if (typeof value === 'function' || Array.isArray(value)) return;
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && isOnce(value)) {
    const hint = ', which can be gone through once: pass the function that makes it';
    throw argumentError('ERR_BLASNET_ARG_TYPE', name, again, value, hint);
  }
  if (isObject && Symbol.asyncIterator in value) return;
  throw argumentError('ERR_BLASNET_ARG_TYPE', name, again, value);
}

// A generator, or a stream of Node.
function isOnce(value: object): boolean {
  return isIterator(value) || typeof (value as { pipe?: unknown }).pipe === 'function';
}

// Errors that name the chunk in which they occurred.
const placed = new WeakSet<Error>();

/** Says in the message of an error in which chunk it occurred. */
export function inChunk(
  { name, chunks }: { readonly name: string; readonly chunks: number },
  error: unknown,
): unknown {
  if (error instanceof Error && !(error instanceof AbortError) && !placed.has(error)) {
    error.message = `In chunk ${chunks} of ${name}: ${error.message}`;
    placed.add(error);
  }
  return error;
}

// The milliseconds for which chunks that are there at once may hold the event loop.
const sliceTime = 4;

/** One way through the chunks of a source. */
export class Run<Chunk> {
  /** What errors call the source. */
  readonly name: string;
  /** The number of chunks so far. */
  chunks = 0;
  readonly #source: Source<Chunk>;
  readonly #signal: AbortSignal | undefined;
  #iterator: AsyncIterator<Chunk> | Iterator<Chunk> | undefined;
  // Ends the wait for the source; undefined if nothing waits.
  #stopWaiting: ((error: unknown) => void) | undefined;
  #pushedBack: [Chunk] | undefined;
  // Whose arrays are not read any more when the next chunk is asked for.
  #last: Chunk | undefined;
  #ended = false;
  #turned = performance.now();

  constructor(name: string, source: Source<Chunk>, signal: AbortSignal | undefined) {
    this.name = name;
    this.#source = source;
    this.#signal = signal;
  }

  /**
   * The next chunk; undefined at the end. After an abort it does not wait for the source any more.
   *
   * @throws AbortError; Error ERR_BLASNET_SOURCE for an error of the source, which is its cause
   */
  async next(): Promise<Chunk | undefined> {
    throwIfAborted(this.#signal);
    if (this.#pushedBack !== undefined) {
      const [chunk] = this.#pushedBack;
      this.#pushedBack = undefined;
      this.chunks++;
      return chunk;
    }
    if (this.#ended) return undefined;
    forgetPages(this.#last);
    this.#last = undefined;
    if (performance.now() - this.#turned > sliceTime) {
      await turnOfEventLoop();
      this.#turned = performance.now();
    }
    let result: IteratorResult<Chunk>;
    try {
      result = await this.#unlessEnded(this.#step());
    } catch (error) {
      if (this.#ended || (error instanceof AbortError && this.#signal?.aborted)) throw error;
      // An iterator that has thrown is at its end.
      this.#ended = true;
      throw this.#failure(error);
    }
    if (result.done === true) {
      this.#ended = true;
      return undefined;
    }
    this.chunks++;
    this.#last = result.value;
    return result.value;
  }

  /** The first chunk, which `next` will give, too. */
  async peek(): Promise<Chunk | undefined> {
    const chunk = await this.next();
    if (chunk === undefined) return undefined;
    this.#pushedBack = [chunk];
    this.chunks--;
    return chunk;
  }

  /** Tells the source that no more chunks are wanted, unless it has ended. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const stopWaiting = this.#stopWaiting;
    const closing = this.#close();
    // A source that is waited for may never answer.
    if (stopWaiting === undefined) await closing;
    else stopWaiting(new AbortError());
  }

  // The training has ended for another reason, or well: an error from closing would hide that.
  async #close(): Promise<void> {
    try {
      await this.#iterator?.return?.();
    } catch {}
  }

  async #step(): Promise<IteratorResult<Chunk>> {
    this.#iterator ??= iteratorOf(this.name, await this.#open());
    return this.#iterator.next();
  }

  #open(): Chunks<Chunk> | Promise<Chunks<Chunk>> {
    const source = this.#source;
    return typeof source === 'function' ? source() : source;
  }

  #unlessEnded<T>(promise: Promise<T>): Promise<T> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      this.#stopWaiting = reject;
      const unlisten = onAbort(signal, () => reject(new AbortError(signal?.reason)));
      const waited = promise.finally(() => {
        unlisten();
        this.#stopWaiting = undefined;
      });
      waited.then(resolve, reject);
    });
  }

  #failure(error: unknown): unknown {
    if (isBlasnetError(error)) {
      if (error.code === 'ERR_BLASNET_SOURCE') return error;
      return inChunk({ name: this.name, chunks: this.chunks + 1 }, error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Expected ${this.name} to give its chunk ${this.chunks + 1}, got an error: ${reason}`;
    return blasnetError('ERR_BLASNET_SOURCE', message, { cause: error });
  }
}

/** Lets the system have the pages of mapped files that a chunk is on: they would count as memory of the process. */
function forgetPages(chunk: unknown): void {
  if (typeof chunk !== 'object' || chunk === null) return;
  const { X, Y, sampleWeight } = chunk as Partial<Record<'X' | 'Y' | 'sampleWeight', unknown>>;
  for (const array of [chunk, X, Y, sampleWeight]) {
    const data = ArrayBuffer.isView(array) ? array : (array as { data?: unknown } | undefined)?.data;
    if (ArrayBuffer.isView(data)) native.forgetPages(data);
  }
}

function iteratorOf<Chunk>(name: string, chunks: unknown): AsyncIterator<Chunk> | Iterator<Chunk> {
  if (typeof chunks === 'object' && chunks !== null) {
    if (Symbol.asyncIterator in chunks) return (chunks as AsyncIterable<Chunk>)[Symbol.asyncIterator]();
    if (Symbol.iterator in chunks && !ArrayBuffer.isView(chunks))
      return (chunks as Iterable<Chunk>)[Symbol.iterator]();
  }
  const rule = 'an iterable or an async iterable of chunks';
  throw argumentError('ERR_BLASNET_ARG_TYPE', `the result of ${name}`, rule, chunks);
}
