import type { AsyncOptions } from '../addon/work';
import type { FilePath } from '../base/file-path';
import { fileError, quote } from '../formats/file-error';
import type { Json } from '../formats/json';
import { Network } from '../network/network';
import { type StoredNetwork, tableOf } from '../network/network-file';
import { Schema, type SchemaJson } from '../tables/schema';
import type { History } from '../training/history';
import { LearnedInputs, type LearnedInputsJson } from './learned-inputs';
import { RowNetwork } from './row-network';

/** What a file says about a model beside its network. */
export interface ModelJson {
  readonly version: 1;
  readonly targets: TargetsJson;
  readonly schema: SchemaJson;
  readonly inputs: LearnedInputsJson;
}

/** The targets of a Classifier with their classes, or those of a Regressor. */
export type TargetsJson =
  | {
      readonly kind: 'classifier';
      readonly single: boolean;
      readonly columns: readonly {
        readonly name: string;
        readonly classes: readonly (string | number | boolean)[];
      }[];
    }
  | { readonly kind: 'regressor'; readonly single: boolean; readonly columns: readonly string[] };

/** The parts of a model. */
export interface ModelParts<T extends TargetsJson = TargetsJson> {
  readonly rows: RowNetwork;
  readonly schema: Schema;
  readonly targets: T;
  readonly history: History | undefined;
}

/** What a Classifier and a Regressor have in common. */
export abstract class TableModel {
  /** What was learned about the columns that the model was trained with: see `Schema`. */
  readonly schema: Schema;
  /** The network inside. Its inputs are the encoded columns. */
  readonly network: Network;
  /** The history of the training; undefined if the model was loaded. */
  readonly history: History | undefined;

  /** @internal */
  constructor({ rows, schema, history }: ModelParts) {
    this.schema = schema;
    this.network = rows.network;
    this.history = history;
  }

  /**
   * Writes the model to a file: a network's file in the safetensors format, whose metadata also have the schema and what was
   * learned about the columns. `Network.load` reads its network. An older file is replaced as a whole or not at all.
   *
   * @throws like Network.save()
   */
  async save(path: FilePath, options: AsyncOptions = {}): Promise<void> {
    return this.network.save(path, options);
  }

  /** Like `save`, but blocks the calling thread. @throws like save() */
  saveSync(path: FilePath): void {
    this.network.saveSync(path);
  }

  /** Returns the bytes of the file that `save` writes. @throws like Network.toBytes() */
  async toBytes(options: AsyncOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return this.network.toBytes(options);
  }

  /** Like `toBytes`, but blocks the calling thread. @throws like toBytes() */
  toBytesSync(): Uint8Array<ArrayBuffer> {
    return this.network.toBytesSync();
  }

  /** The schema and the network's layers, for people. */
  toString(): string {
    return `${this.schema}\n\n${this.network.summary()}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Makes the parts of a model from its file. @throws Error ERR_BLASNET_FILE for a file of something else */
export function modelParts<K extends TargetsJson['kind']>(
  stored: StoredNetwork,
  file: string,
  kind: K,
): ModelParts<Extract<TargetsJson, { kind: K }>> {
  const json = tableOf(stored.options);
  const other = kind === 'classifier' ? 'Regressor' : 'Classifier';
  const wanted = kind === 'classifier' ? 'a Classifier' : 'a Regressor';
  if (json === undefined) {
    throw fileError(file, 'the content', wanted, 'a network without a schema; Network.load reads it');
  }
  try {
    const { version, targets, schema: columns, inputs } = readModel(json);
    if (version !== 1) throw new Error(`version ${version} is newer than this library`);
    if (targets.kind !== kind) {
      throw fileError(file, 'the content', wanted, `a ${other}; ${other}.load reads it`);
    }
    const schema = Schema.fromJSON(columns);
    const network = new Network(stored.architecture, stored.options);
    const rows = new RowNetwork(network, LearnedInputs.fromJSON(inputs, schema));
    return { rows, schema, targets: targets as Extract<TargetsJson, { kind: K }>, history: undefined };
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BLASNET_FILE') throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw fileError(file, '"blasnet.table" of the metadata', `that of ${wanted}`, quote(message));
  }
}

function readModel(json: Json): ModelJson {
  const model = json as unknown as ModelJson;
  const { targets } = model;
  const ok =
    (targets?.kind === 'classifier' || targets?.kind === 'regressor') &&
    typeof targets.single === 'boolean' &&
    Array.isArray(targets.columns);
  if (!ok) throw new Error('its targets are damaged');
  return model;
}
