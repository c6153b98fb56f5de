/**
 * Training by several processes: `require('blasnet/distributed')`. It is loaded by itself.
 */
export type { RankGroup } from '../training/distribution';
export { type MpiOptions, mpi } from './mpi';
