import { type AsyncOptions, workAnywhere, workHere } from '../addon/work';
import { argumentError, blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import { outputLayerOf } from '../layers/architecture';
import { Network } from '../network/network';
import type { InputsLike } from '../samples/inputs';
import { meanOf } from './mean-rows';

/**
 * Several networks that answer together, by the mean of their outputs. The networks of a cross-validation make a good bag,
 * since each has learned from other rows (Breiman, 1996).
 *
 *     const { models } = await crossValidate(make, X, Y, { fit: { epochs: 20 }, keepModels: true });
 *     const outputs = await new NetworkBag(models).predict(X);
 */
export class NetworkBag {
  /** The networks. Each has a file of its own: see `Network.save`. */
  readonly models: readonly Network[];

  /**
   * @param models networks with equally many outputs
   * @throws TypeError ERR_BLASNET_ARG_TYPE; RangeError ERR_BLASNET_SHAPE for networks of different numbers of outputs
   */
  constructor(models: readonly Network[]) {
    if (!Array.isArray(models) || models.length === 0 || !models.every((each) => each instanceof Network)) {
      throw argumentError('ERR_BLASNET_ARG_TYPE', 'models', 'an array of Networks', models);
    }
    const widths = models.map(({ architecture }) => outputLayerOf(architecture).outputDim);
    const other = widths.findIndex((width) => width !== widths[0]);
    if (other !== -1) {
      const message = `Expected models[${other}] to have outputDim ${widths[0]}, like models[0], got ${widths[other]}`;
      throw blasnetError('ERR_BLASNET_SHAPE', message);
    }
    this.models = [...models];
  }

  /**
   * Predicts on other threads, by one network after another: the means of their outputs (m x outputDim).
   * @throws like Network.predict()
   */
  async predict(X: InputsLike, options: AsyncOptions = {}): Promise<Matrix> {
    const all: Matrix[] = [];
    for (const model of this.models) all.push(await model.predict(X, options));
    return workAnywhere(meanOf(all), options);
  }

  /** Like `predict`, but blocks the calling thread. @throws like Network.predictSync() */
  predictSync(X: InputsLike): Matrix {
    return workHere(meanOf(this.models.map((model) => model.predictSync(X))));
  }
}
