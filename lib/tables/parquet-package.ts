// The packages hyparquet and hyparquet-compressors, as far as they are used. A user may not have them, nor their types.

import { optionalPackage } from './optional-package';

/** A column, or a group of columns, as the footer describes it. */
export interface SchemaElement {
  readonly name: string;
  /** BOOLEAN, INT32, ...; a group has none. */
  readonly type?: string;
  readonly type_length?: number;
  readonly repetition_type?: string;
  readonly num_children?: number;
  readonly converted_type?: string;
  readonly scale?: number;
  readonly logical_type?: LogicalType;
}

interface LogicalType {
  readonly type?: string;
  readonly unit?: string;
  readonly isSigned?: boolean;
  readonly scale?: number;
}

/** Where and how the values of a column are stored. */
interface ChunkMetadata {
  readonly path_in_schema: readonly string[];
  readonly codec: string;
  readonly data_page_offset: bigint;
  readonly dictionary_page_offset?: bigint | undefined;
  readonly total_compressed_size: bigint;
}

export interface RowGroup {
  readonly num_rows: bigint;
  readonly columns: readonly {
    readonly meta_data?: ChunkMetadata;
    readonly file_path?: string;
    readonly crypto_metadata?: unknown;
  }[];
}

export interface FileMetadata {
  readonly schema: readonly SchemaElement[];
  readonly num_rows: bigint;
  readonly row_groups: readonly RowGroup[];
}

/** Decompressors by the name of their codec. */
export type Compressors = Readonly<Record<string, (input: Uint8Array, outputLength: number) => Uint8Array>>;

/** How hyparquet makes values of what is stored. */
type Parsers = Readonly<Record<string, (value: never) => unknown>>;

export interface Hyparquet {
  parquetMetadata(footer: Uint8Array, options: { geoparquet: boolean }): FileMetadata;
  parquetRead(options: {
    file: { readonly byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> };
    metadata: FileMetadata;
    compressors: Compressors;
    parsers: Parsers;
    utf8: boolean;
    onChunk(chunk: { readonly columnData: ArrayLike<unknown> }): void;
  }): Promise<void>;
}

/** @throws Error ERR_BLASNET_LOAD */
export async function loadHyparquet(): Promise<Hyparquet & { readonly compressors: Compressors }> {
  const hyparquet = await optionalPackage('hyparquet', () => import('hyparquet'));
  const { compressors } = await optionalPackage(
    'hyparquet-compressors',
    () => import('hyparquet-compressors'),
  );
  return { ...(hyparquet as unknown as Hyparquet), compressors };
}
