// The file of a bag: one safetensors file with the models one after another. The tensors of each have its number before their
// names, from 0 on. The metadata have what the files of the models would have, with each schema once:
//
//   format, blasnet.format, blasnet.version   as in a model's file
//   blasnet.bag    JSON: { version: 1, schemas, models }; of each model architecture, dtype, seed, perhaps preprocessing, and
//                  table, in which a number stands for the schema

import type { AsyncOptions, Work } from '../addon/work';
import { type BlasnetError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { type Calls, runCalls, runCallsSync, unlessAborted, working } from '../formats/file-calls';
import { fileError, quote } from '../formats/file-error';
import { BytesSource } from '../formats/hashed-bytes';
import type { Json } from '../formats/json';
import { parseJson } from '../formats/json-reader';
import { bagKey } from '../formats/model';
import type { Metadata, Safetensors, Tensor } from '../formats/safetensors';
import { type ParseOptions, parseSafetensors } from '../formats/safetensors-reader';
import { bytesIn, type FileBytes, readContent } from '../network/load';
import type { Network } from '../network/network';
import { decodeContent, MemoryOfNetwork, type StoredNetwork } from '../network/network-file';
import type { NetworkLoadOptions } from '../network/network-options';
import { checkLoadOptions } from '../preprocessing/pipeline';

type Fields = Readonly<Record<string, Json>>;

/** The models in a bag's file. */
export interface StoredBag {
  readonly file: string;
  readonly kind: 'classifier' | 'regressor';
  readonly models: readonly StoredNetwork[];
}

const shared = ['blasnet.format', 'blasnet.version'] as const;
const plain = ['dtype'] as const;
const values = ['seed', 'architecture', 'preprocessing', 'table'] as const;

/** The most characters of the models' schemas: a file has each schema once, but the memory has one for each model. */
const mostOfSchemas = 2 ** 28;

/** Makes the content of a bag's file from the files of its models. */
export function* bagContent(files: readonly Uint8Array[]): Calls<Safetensors> {
  const contents: Safetensors[] = [];
  // The library itself wrote the bytes just now.
  for (const bytes of files) {
    contents.push(yield* parseSafetensors(new BytesSource(bytes), 'bytes', { verify: false }));
  }
  const schemas = new Map<string, number>();
  const models = contents.map(({ metadata }) => {
    const fields: Record<string, unknown> = {};
    for (const key of plain) fields[key] = metadata[`blasnet.${key}`];
    for (const key of values) {
      const text = metadata[`blasnet.${key}`];
      if (text !== undefined) fields[key] = JSON.parse(text);
    }
    const table = fields.table as Fields;
    const text = JSON.stringify(table.schema);
    if (!schemas.has(text)) schemas.set(text, schemas.size);
    // In the place of the schema, so that the file of a loaded model has equal bytes.
    return { ...fields, table: { ...table, schema: schemas.get(text) as number } };
  });
  const texts = [...schemas.keys()];
  checkSchemas(models.map(({ table: { schema } }) => (texts[schema] as string).length));
  const [{ metadata }] = contents as [Safetensors];
  const own = Object.fromEntries(shared.map((key) => [key, metadata[key] as string]));
  const bag = { version: 1, schemas: texts.map((text) => JSON.parse(text)), models };
  return {
    tensors: contents.flatMap(({ tensors }, i) =>
      tensors.map((each) => ({ ...each, name: `${i}.${each.name}` })),
    ),
    metadata: { ...own, [bagKey]: JSON.stringify(bag) },
  };
}

/** The content of a bag's file for some networks that carry their tables. */
export async function bagOf(networks: readonly Network[], options: AsyncOptions): Promise<Safetensors> {
  const files: Uint8Array[] = [];
  for (const network of networks) files.push(await network.toBytes(options));
  return runCalls(bagContent(files), options);
}

/** Like `bagOf`, but blocks the calling thread. */
export function bagHere(networks: readonly Network[]): Safetensors {
  return runCallsSync(bagContent(networks.map((network) => network.toBytesSync())));
}

/** Reads the bag in a file. @throws Error ERR_BLASNET_FILE */
export function* bagInFile(place: FilePath, options: NetworkLoadOptions): Calls<StoredBag> {
  const file = pathOf('path', place);
  return yield* storedBag(file, options, (how) => readContent(file, how));
}

/** Reads the bag in the bytes of a file. @throws Error ERR_BLASNET_FILE */
export function* bagInBytes(bytes: FileBytes, options: NetworkLoadOptions): Calls<StoredBag> {
  const source = bytesIn(bytes);
  return yield* storedBag('bytes', options, (how) => parseSafetensors(source, 'bytes', how));
}

/** Reads the model in a file: a single one, or those of a bag. @throws Error ERR_BLASNET_FILE */
export function* modelsInFile(place: FilePath, options: NetworkLoadOptions): Calls<readonly StoredNetwork[]> {
  const file = pathOf('path', place);
  return yield* storedModels(file, options, (how) => readContent(file, how));
}

/** Reads the model in the bytes of a file: a single one, or those of a bag. @throws Error ERR_BLASNET_FILE */
export function* modelsInBytes(
  bytes: FileBytes,
  options: NetworkLoadOptions,
): Calls<readonly StoredNetwork[]> {
  const source = bytesIn(bytes);
  return yield* storedModels('bytes', options, (how) => parseSafetensors(source, 'bytes', how));
}

function* storedModels(
  file: string,
  options: NetworkLoadOptions,
  read: (how: ParseOptions) => Calls<Safetensors>,
): Calls<readonly StoredNetwork[]> {
  const { verifyChecksum: verify = true, ...others } = options;
  checkLoadOptions(others);
  yield* unlessAborted();
  const memory = new MemoryOfNetwork();
  const content = yield* read({ choose: memory.choose, verify });
  if (content.metadata[bagKey] === undefined) {
    return [yield* working(decodeContent(content, file, others, memory))];
  }
  return yield* networksOf((yield* working(modelsIn(content, file))).files, file, others);
}

function* networksOf(
  files: readonly Safetensors[],
  file: string,
  options: NetworkLoadOptions,
): Calls<StoredNetwork[]> {
  const models: StoredNetwork[] = [];
  for (const each of files) {
    models.push(yield* working(decodeContent(each, file, options, new MemoryOfNetwork())));
  }
  return models;
}

function* storedBag(
  file: string,
  { verifyChecksum = true, ...options }: NetworkLoadOptions,
  read: (how: ParseOptions) => Calls<Safetensors>,
): Calls<StoredBag> {
  checkLoadOptions(options);
  yield* unlessAborted();
  const content = yield* read({ verify: verifyChecksum });
  const { kind, files } = yield* working(modelsIn(content, file));
  return { file, kind, models: yield* networksOf(files, file, options) };
}

/** What the files of the models would hold. */
function* modelsIn(
  { tensors, metadata }: Safetensors,
  file: string,
): Work<{ readonly kind: StoredBag['kind']; readonly files: readonly Safetensors[] }> {
  const place = `"${bagKey}" of the metadata`;
  const text = metadata[bagKey];
  if (text === undefined) throw fileError(file, 'the content', 'a bag of models', otherThan(metadata));
  const bag = (yield* parseJson(text, place, file)) as Fields;
  try {
    const { models, kind } = checkedBag(bag);
    const own = models.map((): Tensor[] => []);
    for (const tensor of tensors) {
      const [, number = '', name = ''] = /^(0|[1-9]\d*)\.(.*)$/s.exec(tensor.name) ?? [];
      const list = own[Number(number)];
      if (number === '' || list === undefined)
        throw new Error(`no model has the tensor ${quote(tensor.name)}`);
      list.push({ ...tensor, name });
    }
    const common = Object.fromEntries([...shared, 'format'].map((key) => [key, metadata[key] as string]));
    return {
      kind,
      files: models.map((fields, i) => ({ tensors: own[i] as Tensor[], metadata: { ...common, ...fields } })),
    };
  } catch (cause) {
    const { message } = cause as Error;
    throw fileError(file, place, 'that of a bag', quote(message));
  }
}

function otherThan(metadata: Metadata): string {
  const table = metadata['blasnet.table'];
  if (table === undefined) return 'a network without a schema; Network.load reads it';
  const kind = /"kind":"regressor"/.test(table) ? 'Regressor' : 'Classifier';
  return `a single ${kind}; ${kind}.load reads it`;
}

/** The metadata of each model. */
function checkedBag({ version, schemas, models }: Fields) {
  if (version !== 1) throw new Error(`version ${String(version)} is newer than this library`);
  if (!Array.isArray(schemas) || !Array.isArray(models) || models.length === 0) throw damaged();
  const lengths = schemas.map((schema) => JSON.stringify(schema).length);
  checkSchemas(models.map((model) => lengths[objectOf(objectOf(model).table).schema as number] ?? 0));
  let kind: unknown;
  const read = models.map((model: Json) => {
    const fields = objectOf(model);
    const table = objectOf(fields.table);
    const { schema } = table;
    const whole = schemas[schema as number];
    if (typeof schema !== 'number' || whole === undefined) throw damaged();
    kind ??= objectOf(table.targets).kind;
    const metadata: Record<string, string> = {};
    for (const key of plain) metadata[`blasnet.${key}`] = String(fields[key]);
    for (const key of values) {
      const value = key === 'table' ? { ...table, schema: whole } : fields[key];
      if (value !== undefined) metadata[`blasnet.${key}`] = JSON.stringify(value);
    }
    return metadata;
  });
  if (kind !== 'classifier' && kind !== 'regressor') throw damaged();
  return { kind: kind as StoredBag['kind'], models: read };
}

function checkSchemas(lengths: readonly number[]): void {
  const sum = lengths.reduce((all, length) => all + length, 0);
  if (sum <= mostOfSchemas) return;
  const message = `Expected the schemas of all ${lengths.length} models to have at most ${mostOfSchemas} characters, got ${sum}`;
  throw blasnetError('ERR_BLASNET_SHAPE', message);
}

function objectOf(value: Json | undefined): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged();
  return value as Fields;
}

function damaged(): Error {
  return new Error('its models are damaged');
}

/** Gives an error about models that do not belong together the name of their file. */
export function inBagFile<T>(file: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const { code, message } = cause as BlasnetError;
    if (code === 'ERR_BLASNET_FILE') throw cause;
    throw fileError(file, `"${bagKey}" of the metadata`, 'that of a bag', quote(message));
  }
}
