export { evaluateSource, predictSource } from './evaluate';
export { checkSource, inChunk, Run } from './run';
export { fitSource, resumeSource, sourceEpochs } from './session';
