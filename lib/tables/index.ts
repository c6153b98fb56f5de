/**
 * Tables: named columns of numbers, texts, truth values and times, from records or from files. It is loaded by itself:
 * `require('blasnet/tables')`.
 */
export type { Cell, ColumnKind } from './column';
export { Column } from './column';
export type { CsvOptions } from './csv';
export type { ColumnDescription, TableDescription } from './describe';
export type { ArrowLike, ArrowVectorLike, ColumnData, FrameLike, FromOptions, TableData } from './from';
export { type ReadProgress, type ReadTableOptions, readTable } from './read-table';
export { type ScanTableOptions, scanTable, type TableScan } from './scan-table';
export { type ColumnSchema, Schema, type SchemaJson } from './schema';
export type { ScanSource, TableSource, TableStream } from './source';
export type { TableSplitAsyncOptions, TableSplitOptions } from './split';
export { Table, type TableParts, type TableRecord } from './table';
