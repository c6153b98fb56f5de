/**
 * Models in a service: `require('blasnet/serving')`. It is loaded by itself, and loads no tables.
 */
export type { FieldError, FieldRule } from '../network/field-error';
export type { InputRules } from '../network/served-model';
export { Batcher, type BatcherCallOptions, type BatcherOptions } from './batcher';
export type { BatcherFigures } from './figures';
export type { Histogram } from './histogram';
export { httpStatus } from './http-status';
export { ModelSlot, type ModelSlotOptions, type ModelVersion, type SwapOptions } from './model-slot';
export { type AnswerOf, checkRecord, type NetworkRow, type RowOf, type ServedModel } from './models';
