export type {
  CosineOptions,
  ExponentialOptions,
  OneCycleOptions,
  PolynomialOptions,
  Progress,
  ReduceOnPlateauOptions,
  Schedule,
  ScheduleFunction,
  StepOptions,
  Unit,
  WarmUpOptions,
} from './schedule';
export {
  constant,
  cosine,
  exponential,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  step,
  warmUp,
} from './schedule';
