export { evaluateSource, predictSource } from './evaluate';
export { heldAtRandom, newSplitKey } from './held-rows';
export { checkSource, inChunk, Run } from './run';
export { fitSource, resumeSource, sourceEpochs } from './session';
