import { Sha256 } from '../addon/arrays';
import { buildInfo } from '../addon/build-info';
import { type Work, workElsewhere } from '../addon/work';
import { blasnetError } from '../base/errors';
import { settingsOf } from '../training/fingerprint';
import type { TrainingSession } from '../training/session';

type Facts = Readonly<Record<string, unknown>>;

// Of long arrays, so many parts of so many bytes are compared, spread evenly.
const parts = 256;
const partBytes = 4096;

/** What must be equal on all ranks before their first step, under the names that errors use. */
export async function factsOf(session: TrainingSession): Promise<Facts> {
  const { options, samples, validation, runner, network } = session;
  const { X, codes, Y, weights } = samples;
  const { kind, optimizer } = network;
  const shared = options.shared as NonNullable<typeof options.shared>;
  const digest = (...arrays: (ArrayBufferView | null | undefined)[]) => workElsewhere(digestOf(arrays), {});
  const state = optimizer.stateFor(options.optimizer);
  const { position, key, spareNormal } = runner.random.getState();
  const { preprocessing, labels, targetScaler } = kind;
  const learned = [preprocessing, labels, targetScaler].map((part) => part?.toJSON());
  return {
    ...kernelFacts(),
    "the network's layers": plain(kind.architecture),
    dtype: X.dtype,
    'distributed.rows': shared.ownRows ? 'own' : 'all',
    epochs: options.epochs,
    seed: options.seed,
    ...settingsOf(options, samples.X.rows, validation !== undefined),
    'callbacks.onBatchEnd': options.callbacks.onBatchEnd !== undefined,
    checkpoint: options.checkpoint !== undefined,
    'the epochs done': runner.position.epoch,
    "the network's parameters": await digest(network.parameters, network.statistics),
    "the optimiser's state": state && [state.steps, state.batches, await digest(state.state)],
    'the random numbers to come': [position, spareNormal, await digest(key)],
    'what preprocessing, labels and targetScaler learned': plain(learned),
    ...(!shared.ownRows && { 'X and Y': await digest(X.data, codes, Y.data, weights) }),
    validationData:
      validation &&
      (await digest(validation.X.data, validation.codes, validation.Y.data, validation.weights)),
  };
}

/** What a call says must be equal on all ranks, and what results depend on anyway. */
export async function factsAbout(
  facts: Facts,
  arrays: Readonly<Record<string, readonly ArrayBufferView[]>>,
): Promise<Facts> {
  const all: Record<string, unknown> = kernelFacts();
  for (const [name, fact] of Object.entries(facts)) {
    const text = JSON.stringify(plain(fact));
    // Such as a label for each row.
    const isLong = text.length > 1000;
    all[name] = isLong
      ? `${text.slice(0, 40)}..., ${await workElsewhere(digestOf([new TextEncoder().encode(text)]), {})}`
      : plain(fact);
  }
  for (const [name, own] of Object.entries(arrays)) all[name] = await workElsewhere(digestOf(own), {});
  return all;
}

// Equal code gives equal bits with equal instructions.
function kernelFacts(): Record<string, unknown> {
  const { simd, blas, blasCore } = buildInfo();
  return { "the kernels' instruction set": simd, 'the BLAS': [blas, blasCore] };
}

/** @throws Error ERR_BLASNET_RANKS which names what differs, and on which ranks */
export function checkFacts(all: readonly Facts[]): void {
  const names = new Set(all.flatMap((facts) => Object.keys(facts)));
  const different: string[] = [];
  for (const name of names) {
    const ranks = new Map<string, number[]>();
    for (const [rank, facts] of all.entries()) {
      const value = JSON.stringify(facts[name]) ?? 'undefined';
      ranks.set(value, [...(ranks.get(value) ?? []), rank]);
    }
    if (ranks.size === 1) continue;
    const values = [...ranks].map(([value, of]) => {
      const who = `${of.length > 1 ? 'ranks' : 'rank'} ${of.join(', ')}`;
      return `${abbreviate(value)} on ${who}`;
    });
    different.push(`${name} (${values.join('; ')})`);
  }
  if (different.length === 0) return;
  const shown = different.slice(0, 5).join(', ');
  const more = different.length > 5 ? ` and ${different.length - 5} more` : '';
  throw blasnetError(
    'ERR_BLASNET_RANKS',
    `Expected all ranks to train the same, but they differ in ${shown}${more}`,
  );
}

function* digestOf(arrays: readonly (ArrayBufferView | null | undefined)[]): Work<string> {
  const hash = new Sha256();
  for (const array of arrays) {
    if (array === null || array === undefined) continue;
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    yield* hash.add(Uint8Array.from(new TextEncoder().encode(`${bytes.length},`)));
    const count = Math.min(parts, Math.ceil(bytes.length / partBytes));
    for (let i = 0; i < count; i++) {
      const start = count === 1 ? 0 : Math.floor((i / (count - 1)) * (bytes.length - partBytes));
      yield* hash.add(bytes.subarray(start, start + partBytes));
    }
  }
  return hash.digest().slice(0, 16);
}

// A function, such as a user's schedule, cannot be compared. Of arrays in options, the first elements are.
function plain(value: unknown): unknown {
  const text = JSON.stringify(value, (_, one) => {
    if (typeof one === 'function') return 'a function';
    if (!ArrayBuffer.isView(one) || one instanceof DataView) return one;
    const elements = one as Uint8Array;
    return `${elements.length} elements: ${elements.subarray(0, 8).join()}`;
  });
  return text === undefined ? null : JSON.parse(text);
}

function abbreviate(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
