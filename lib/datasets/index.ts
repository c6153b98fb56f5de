export type { Dataset } from './dataset';
export { type MoonsOptions, makeMoons } from './moons';
export {
  type Split,
  type SplitAsyncOptions,
  type SplitOptions,
  trainTestSplit,
  trainTestSplitAsync,
} from './split';
