export type { Dataset } from './dataset';
export { type MoonsOptions, makeMoons } from './moons';
export { type Split, type SplitOptions, trainTestSplit } from './split';
