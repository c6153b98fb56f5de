// From a network to its chain.

import { blasnetError } from '../base/errors';
import type { Matrix } from '../base/matrix';
import type { Json } from '../formats/json';
import {
  activationOf,
  inputDimOf,
  type Layer,
  membersOf,
  numericColumns,
  outputLayerOf,
  skipNumber,
} from '../layers/architecture';
import type { NetworkContent } from '../network/network-file';
import type { Preprocessing } from '../preprocessing';
import { scalesBackOf } from '../preprocessing/scale-back';
import type { Back, Chain, Stage, Step, Waves } from './chain';
import { clampOf, modelTable } from './model-table';

/**
 * The chain of a network. It has the arrays of the content.
 *
 * @param whole whether it also has what the network carries about the columns of a table, for a Classifier or a Regressor
 * @throws Error ERR_BLASNET_NOT_FITTED for preprocessing, labels or a targetScaler before fit; RangeError
 *   ERR_BLASNET_ARG_VALUE for steps of the user's own
 */
export function chainOf(content: NetworkContent, whole = false): Chain {
  const { architecture, dtype, preprocessing, labels, targetScaler, table } = content;
  const { outputDim } = outputLayerOf(architecture);
  return {
    inputs: preprocessing?.inputColumns ?? inputDimOf(architecture),
    dtype,
    before: preprocessing === undefined ? [] : stepsOf(preprocessing, 'preprocessing'),
    stages: stagesOf(content),
    outputs: outputDim,
    ...(membersOf(architecture) > 1 && { members: content.arrays.R1 as Matrix }),
    after: targetScaler === undefined ? [] : backOf(targetScaler),
    ...(labels !== undefined && { classes: labels.classes }),
    ...(whole && table !== undefined && ofTable(table)),
  };
}

function ofTable(table: Json): Pick<Chain, 'clamp' | 'table'> {
  const clamp = clampOf(modelTable(table));
  return { ...(clamp !== undefined && { clamp }), table };
}

function stepsOf(pipeline: Preprocessing, option: string): readonly Step[] {
  const own = pipeline.learnedSteps.find(({ native }) => native === undefined);
  if (own !== undefined) {
    throw blasnetError(
      'ERR_BLASNET_ARG_VALUE',
      `Expected ${option} to have steps of the library alone for export, got ${JSON.stringify(own.name)}, a step of your ` +
        'own: other tools do not know it. Make a network without it, and transform X before the other tool',
    );
  }
  return pipeline.toJSON().steps as unknown as readonly Step[];
}

function backOf(targetScaler: Preprocessing): readonly Back[] {
  stepsOf(targetScaler, 'targetScaler');
  return (scalesBackOf(targetScaler.learnedSteps) ?? []).map(({ offset, scale, center }) => ({
    offset: [...offset],
    scale: [...scale],
    // -0 stands for a column that stays as it is.
    center: Array.from(center, (value) => value + 0),
  }));
}

function stagesOf({ architecture, arrays }: NetworkContent): readonly Stage[] {
  const named = (name: string) => arrays[name] as Matrix;
  const vector = (name: string) => named(name).data;
  const stages: Stage[] = [];
  const [first] = architecture as [Layer];
  if (first.embeddings !== undefined) {
    stages.push({ kind: 'embed', tables: first.embeddings.map((_, i) => named(`E${i + 1}`)) });
  }
  const waves = wavesOf(first, named);
  if (waves !== undefined) stages.push({ kind: 'waves', waves });
  // A lone member is a network like others; its factors scale the inputs.
  if (first.members === 1) stages.push({ kind: 'scale', factors: vector('R1') });
  // By layer: how many stages there are before it.
  const starts: number[] = [];
  for (const [index, layer] of architecture.entries()) {
    const n = index + 1;
    starts.push(stages.length);
    if (layer.noise !== undefined) stages.push({ kind: 'noise', standardDeviation: layer.noise });
    if (layer.inputScale === true) stages.push({ kind: 'scale', factors: vector(`s${n}`) });
    const { cols: inputs, data: W } = named(`W${n}`);
    const name = layer.name === undefined ? {} : { name: layer.name };
    stages.push({ kind: 'dense', ...name, inputs, outputs: layer.outputDim, W, b: vector(`b${n}`) });
    const { normalization } = layer;
    if (normalization !== undefined) {
      const { epsilon } = normalization;
      const [gamma, beta] = [vector(`gamma${n}`), vector(`beta${n}`)];
      if (normalization.name === 'layer') stages.push({ kind: 'layerNorm', gamma, beta, epsilon });
      else {
        const [mean, variance] = [vector(`mean${n}`), vector(`variance${n}`)];
        const { momentum } = normalization;
        stages.push({ kind: 'batchNorm', gamma, beta, mean, variance, epsilon, momentum });
      }
    }
    const activation = activationOf(layer);
    const mix = layer.activationMix === true ? { mix: vector(`a${n}`) } : {};
    if (activation.name !== 'linear' || layer.activationMix === true)
      stages.push({ kind: 'activation', activation, ...mix });
    if (layer.dropout !== undefined) stages.push({ kind: 'dropout', rate: layer.dropout });
    const skip = skipNumber(architecture, index);
    if (skip > 0) stages.push({ kind: 'add', from: starts[skip - 1] as number });
  }
  return stages;
}

function wavesOf(first: Layer, named: (name: string) => Matrix): Waves | undefined {
  const { numericEmbeddings: numeric } = first;
  if (numeric === undefined) return undefined;
  return {
    name: numeric.name,
    columns: numericColumns(first),
    frequencies: numeric.frequencies,
    outputs: numeric.outputDim,
    F: named('F1'),
    ...(numeric.name === 'pbld' && { P: named('P1') }),
    V: named('V1'),
    c: named('c1').data,
  };
}
