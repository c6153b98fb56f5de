/** Files of other tools: written by `export`, read by `Network.import`. This room is loaded on first use. */

import { asyncConstraints, howOf, pinnedWork } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import { type FilePath, pathOf } from '../base/file-path';
import { type Dtype, dtypeName } from '../base/matrix';
import { anything, check, checkObject, checkOptions, oneOf, optional, seed } from '../base/validate';
import { fileError } from '../formats/file-error';
import type { ExportOptions, ImportOptions } from '../network/interop-options';
import type { FileBytes } from '../network/load';
import type { NetworkContent, StoredNetwork } from '../network/network-file';
import { castChain } from './cast';
import type { Chain } from './chain';
import { extensionOf, isBytes, joined, openSource, stemOf, writeFiles } from './files';
import { checkHolds, type ExportedFile, type Format, type ImportSource } from './format';
import { formats } from './formats';
import { chainOf } from './from-network';
import { arraysIn, networkOf } from './to-network';

/** What is exported: a network alone, or with what a Classifier or a Regressor knows about the columns of a table. */
export interface Exported {
  readonly content: Promise<NetworkContent>;
  readonly whole: boolean;
  /** The other models of a bag; undefined if it is none. */
  readonly others?: readonly Promise<NetworkContent>[];
}

/** Writes a network to the files of a format: see `ExportableNetwork.export`. */
export async function exportFile(place: FilePath, options: ExportOptions, exported: Exported): Promise<void> {
  const path = pathOf('path', place);
  const format = formatFor('out', options, path);
  const files = await written(format, stemOf(path), options, exported);
  await writeFiles(path, files, options);
}

/** Makes the bytes of an export: see `ExportableNetwork.exportBytes`. */
export async function exportBytes(
  options: ExportOptions,
  exported: Exported,
): Promise<Uint8Array<ArrayBuffer>> {
  const format = formatFor('out', options, undefined);
  const [main, ...others] = await written(format, 'model', options, exported);
  if (others.some(({ spare }) => spare !== true)) {
    const rule = 'a format of one file; export writes the files of this one';
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'format', rule, format.name);
  }
  return joined((main as ExportedFile).parts, options);
}

async function written(
  format: Format,
  name: string,
  options: ExportOptions,
  exported: Exported,
): Promise<readonly ExportedFile[]> {
  const { content, whole, others } = exported;
  const { out } = format as Format & Required<Pick<Format, 'out'>>;
  checkOptions('', options, {
    ...{ format: anything, dtype: optional(dtypeName) },
    ...asyncConstraints,
    ...out.options,
  });
  const { format: _, dtype, signal: __, threads: ___, priority: ____, ...own } = options;
  const how = howOf(options);
  const chains: Chain[] = [];
  for (const each of [content, ...(others ?? [])]) {
    const chain = chainOf(await each, whole);
    const asked = (dtype as Dtype | undefined) ?? chain.dtype;
    checkHolds(format, chain, asked);
    chains.push(await pinnedWork(castChain(chain, asked), arraysIn(chain), how));
  }
  if (others === undefined) return out.write(chains[0] as Chain, { name, own, ...how });
  if (out.writeBag !== undefined) return out.writeBag(chains, { name, own, ...how });
  const hint = "format: 'module' holds it, and each of its models can be exported";
  throw blasnetError('ERR_BLASNET_ARG_VALUE', `${format.title} cannot hold a bag of models: ${hint}`);
}

/**
 * Reads a network from a file of another tool: see `Network.import`.
 */
export async function importNetwork(
  from: FilePath | FileBytes,
  options: ImportOptions,
): Promise<StoredNetwork> {
  checkObject('options', options as unknown);
  const how = howOf(options);
  checkOptions('', how, asyncConstraints);
  const path = isBytes(from) ? undefined : pathOf('path', from);
  const named = path !== undefined || options.format !== undefined;
  const stated = named ? formatFor('in', options, path) : undefined;
  if (stated !== undefined) checkImport(stated, options);
  const source = await openSource(from, how);
  const format = stated ?? formatOfBytes(source);
  checkImport(format, options);
  const { format: _, dtype, seed: given, signal: __, threads: ___, priority: ____, ...own } = options;
  const { read } = (format as Readable).in;
  const chain: Chain = await read(source, { own, ...how });
  const asked = {
    ...(dtype !== undefined && { dtype: dtype as Dtype }),
    ...(given !== undefined && { seed: given }),
  };
  return pinnedWork(networkOf(chain, source.file, asked), arraysIn(chain), how);
}

type Readable = Format & Required<Pick<Format, 'in'>>;

function checkImport(format: Format, options: ImportOptions): void {
  checkOptions('', options, {
    ...{ format: anything, dtype: optional(dtypeName), seed: optional(seed) },
    ...asyncConstraints,
    ...(format as Readable).in.options,
  });
}

/** The format that the options or the extension of the path name. */
function formatFor(
  direction: 'out' | 'in',
  options: { readonly format?: unknown },
  path: string | undefined,
): Format {
  checkObject('options', options as unknown);
  const suited = formats.filter((each) => each[direction] !== undefined);
  const names = suited.map(({ name }) => name);
  const { format } = options;
  if (format !== undefined) {
    check('format', format, oneOf(names), 'ERR_BLASNET_UNKNOWN_NAME');
    return suited.find(({ name }) => name === format) as Format;
  }
  const extension = path === undefined ? '' : extensionOf(path);
  const found = suited.find(({ extensions }) => extensions.includes(extension));
  if (found !== undefined) return found;
  const known = suited.flatMap(({ extensions }) => extensions).join(', ');
  if (path === undefined)
    throw argumentError('ERR_BLASNET_ARG_VALUE', 'format', oneOf(names).rule, undefined);
  const hint = '; the option format names another format';
  throw argumentError('ERR_BLASNET_ARG_VALUE', 'path', `a path that ends in ${known}`, path, hint);
}

function formatOfBytes({ bytes }: ImportSource): Format {
  const found = formats.find((format) => format.in !== undefined && format.looksLike(bytes));
  if (found !== undefined) return found;
  const names = formats.flatMap(({ name, in: reads }) => (reads === undefined ? [] : [`'${name}'`]));
  const hint = 'one that begins like none of them; the option format names one';
  throw fileError('bytes', 'the content', `that of one of the formats ${names.join(', ')}`, hint);
}
