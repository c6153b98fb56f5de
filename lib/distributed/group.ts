import { type MpiLibraryFacts, type NativeRankGroup, rankStates } from '../addon/rank-group';
import { settled } from '../addon/work';
import { blasnetError } from '../base/errors';
import { type Distribution, distributionOf } from '../training/distribution';
import type { TrainingSession } from '../training/session';
import { checkFacts, factsAbout, factsOf } from './agree';

/** Where a rank is, and what its library is. */
export interface Place {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly library: MpiLibraryFacts | undefined;
}

/** The group of this process. Without a launcher it has no native part, and one rank. */
export class Ranks implements Distribution {
  readonly rank: number;
  readonly size: number;
  readonly localRank: number;
  readonly localSize: number;
  readonly library: MpiLibraryFacts | undefined;
  readonly #native: NativeRankGroup | undefined;

  constructor({ rank, size, localRank, localSize, library }: Place, native: NativeRankGroup | undefined) {
    this.rank = rank;
    this.size = size;
    this.localRank = localRank;
    this.localSize = localSize;
    this.library = library;
    this.#native = native;
  }

  get [distributionOf](): Distribution {
    return this;
  }

  get launched(): boolean {
    return this.#native !== undefined;
  }

  async agree(session: TrainingSession): Promise<void> {
    if (this.#native !== undefined) checkFacts(await this.gather(await factsOf(session)));
  }

  async compare(
    facts: Readonly<Record<string, unknown>>,
    arrays: Readonly<Record<string, readonly ArrayBufferView[]>>,
  ): Promise<void> {
    if (this.#native !== undefined) checkFacts(await this.gather(await factsAbout(facts, arrays)));
  }

  post(ranks: readonly number[], letter: Uint8Array): void {
    this.#native?.post(Uint32Array.from(ranks), letter);
  }

  async listen(ranks: readonly number[]): Promise<readonly { rank: number; bytes: Uint8Array }[]> {
    const native = this.#native;
    if (native === undefined) return [];
    await settled(native, (callback) => native.listen(Uint32Array.from(ranks), callback), undefined);
    return native.heard();
  }

  async firstOf<T>(own: T | undefined): Promise<T | undefined> {
    const answers = await this.gather({ answer: own });
    return answers.find(({ answer }) => answer !== undefined)?.answer;
  }

  async close(): Promise<void> {
    const native = this.#native;
    if (native === undefined || native.state() === rankStates.closed) return;
    if (native.busy()) throw blasnetError('ERR_BLASNET_BUSY', 'close() was called while the group is in use');
    await settled(native, (callback) => native.close(callback), undefined);
  }

  /** Gathers a value of each rank, in their order. Values must be plain JSON. @throws Error ERR_BLASNET_RANKS */
  async gather<T>(value: T): Promise<T[]> {
    if (this.#native === undefined) return [value];
    return gatherBy(this.#native, value);
  }

  /** Throws an error on the other ranks, wherever they are. */
  async fail(error: unknown): Promise<void> {
    const native = this.#native;
    if (native === undefined || native.state() !== rankStates.open) return;
    const text = error instanceof Error ? error.message : String(error);
    await settled(native, (callback) => native.fail(text, callback), undefined);
  }
}

/** Gathers a value of each rank. */
export async function gatherBy<T>(native: NativeRankGroup, value: T): Promise<T[]> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  await settled(native, (callback) => native.gather(bytes, callback), undefined);
  return native.gathered().map((one) => JSON.parse(new TextDecoder().decode(one)) as T);
}
