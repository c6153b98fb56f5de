export { evaluateSource, predictSource } from './evaluate';
export { fitSource, resumeSource, sourceEpochs } from './session';
