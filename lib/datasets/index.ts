export type { Dataset } from './dataset';
export { type MoonsOptions, makeMoons } from './moons';
export type { PartOf, SplitInputs, SplitLabels } from './parts';
export {
  type Split,
  type SplitAsyncOptions,
  type SplitOf,
  type SplitOptions,
  trainTestSplit,
  trainTestSplitAsync,
} from './split';
