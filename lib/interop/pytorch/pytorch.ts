// The tensors of a network in PyTorch, in the safetensors format, under the names of a state_dict.

import { Buffer } from 'node:buffer'; // the global may be missing in a test environment
import { pinnedWork, workAnywhere } from '../../addon/work';
import type { Dtype, FloatArray } from '../../base/matrix';
import { runCalls } from '../../formats/file-calls';
import { fileError } from '../../formats/file-error';
import { BytesSource } from '../../formats/hashed-bytes';
import type { Json } from '../../formats/json';
import { ourFormat, plainSafetensors, type Tensor } from '../../formats/safetensors';
import { parseSafetensors } from '../../formats/safetensors-reader';
import { activationNames } from '../../layers/activations';
import type { Stage } from '../chain';
import { type Feature, type Format, oneMember, type Rule, rulesBy } from '../format';
import { activationsOption } from '../given-activations';
import { classesIn, jsonOf } from '../json-of';
import { withFactorsInWeights, withScalersAsStages } from '../plain-stages';
import { arraysIn } from '../to-network';
import { modulesOf } from './modules';
import { modulesOption, stagesOfState } from './state';

const title = 'PyTorch (safetensors)';
const elsewhere = { no: 'export ONNX or a module, which compute it, too' } as const;

// What is not named is refused.
const rules: Partial<Record<Feature, Rule>> = {
  ...Object.fromEntries(activationNames.map((name) => [name, true])),
  exponential: { no: 'torch.nn has no module of it; export ONNX or a module, which compute it' },
  members: oneMember,
  add: { no: 'a Sequential of PyTorch has none; export ONNX or a module, which compute it' },
  noise: 'training',
  scale: true,
  dense: true,
  batchNorm: true,
  layerNorm: true,
  dropout: true,
  standardScaler: true,
  minMaxScaler: true,
  robustScaler: true,
  targetScaler: true,
  labels: true,
};

const read: ReadonlySet<Feature> = new Set([
  ...(['dense', 'batchNorm', 'layerNorm', 'dropout', 'labels'] as const),
  ...activationNames,
]);

const dtypes: readonly Dtype[] = ['float64', 'float32'];

export const pytorch: Format = {
  name: 'safetensors',
  title,
  extensions: ['.safetensors'],
  // The length of a header, and then its brace.
  looksLike: (bytes) => bytes.length > 9 && bytes[8] === 0x7b && bytes[7] === 0,
  out: {
    rules: rulesBy((feature) => rules[feature] ?? elsewhere),
    dtypes,
    options: {},
    async write(chain, options) {
      const { stages, dtype, classes } = withScalersAsStages(chain, title);
      const plain = await pinnedWork(withFactorsInWeights(stages, dtype), arraysIn(chain), options);
      const modules = modulesOf(plain);
      const metadata = {
        format: 'pt',
        modules: JSON.stringify(modules.map(({ text }) => text)),
        ...(classes !== undefined && { classes: JSON.stringify(classes) }),
      };
      const { header, chunks } = plainSafetensors(
        modules.flatMap(({ stage }, i) => tensorsOf(stage, i, dtype)),
        metadata,
      );
      return [{ parts: [header, ...chunks] }];
    },
  },
  in: {
    rules: rulesBy((feature) => read.has(feature)),
    dtypes,
    options: { activations: activationsOption, modules: modulesOption },
    async read(source, { own, ...options }) {
      const { bytes, file } = source;
      const { tensors, metadata } = await runCalls(parseSafetensors(new BytesSource(bytes), file), options);
      if (metadata.format === ourFormat) {
        const hint = 'a file that save wrote; Network.load reads it';
        throw fileError(file, `"format" of the metadata`, "another one than 'blasnet'", hint);
      }
      const json = async (key: string): Promise<Json | undefined> => {
        const text = metadata[key];
        const place = `"${key}" of the metadata`;
        return text === undefined ? undefined : workAnywhere(jsonOf(Buffer.from(text), place, file), options);
      };
      const state = { file, tensors, modules: await json('modules'), ...namesOf(own) };
      const { stages, dtype } = stagesOfState(state);
      const ends = stages.filter((stage) => stage.kind === 'dense');
      const [first] = ends;
      const classes = classesIn(await json('classes'));
      return {
        ...{ inputs: first?.inputs ?? 0, dtype, before: [], stages, after: [] },
        outputs: ends.at(-1)?.outputs ?? 0,
        ...(classes !== undefined && { classes }),
      };
    },
  },
};

function namesOf(own: Readonly<Record<string, unknown>>) {
  return { activations: own.activations, order: own.modules as readonly string[] | undefined };
}

/** The tensors of a module, by the number of its place. */
function tensorsOf(stage: Stage, place: number, dtype: Dtype): Tensor[] {
  const tensor = (name: string, data: FloatArray, shape: readonly number[] = [data.length]): Tensor => ({
    ...{ name: `${place}.${name}`, dtype: dtype === 'float64' ? 'F64' : 'F32', shape, data },
  });
  switch (stage.kind) {
    case 'dense':
      return [tensor('weight', stage.W, [stage.outputs, stage.inputs]), tensor('bias', stage.b)];
    case 'batchNorm':
      return [
        tensor('weight', stage.gamma),
        tensor('bias', stage.beta),
        tensor('running_mean', stage.mean),
        tensor('running_var', stage.variance),
        // How many batches it has seen; PyTorch uses it only if momentum is None.
        { name: `${place}.num_batches_tracked`, dtype: 'I64', shape: [], data: new BigInt64Array(1) },
      ];
    case 'layerNorm':
      return [tensor('weight', stage.gamma), tensor('bias', stage.beta)];
    default:
      return [];
  }
}
