// The modules of PyTorch as they print themselves, such as "LeakyReLU(negative_slope=0.1)". A list of them says what to
// put into torch.nn.Sequential.

import { type ActivationName, defaultAlpha, type ResolvedActivation } from '../../layers/activations';
import type { Stage } from '../chain';

/** The module of each activation, without its parameter; exponential has none. */
const modules: Readonly<Partial<Record<ActivationName, string>>> = {
  linear: 'Identity()',
  sigmoid: 'Sigmoid()',
  relu: 'ReLU()',
  tanh: 'Tanh()',
  softmax: 'Softmax(dim=-1)',
  leakyRelu: 'LeakyReLU(negative_slope=',
  elu: 'ELU(alpha=',
  selu: 'SELU()',
  gelu: "GELU(approximate='none')",
  geluTanh: "GELU(approximate='tanh')",
  silu: 'SiLU()',
  softplus: 'Softplus()',
  softsign: 'Softsign()',
  hardSigmoid: 'Hardsigmoid()',
  mish: 'Mish()',
  logSoftmax: 'LogSoftmax(dim=-1)',
};

/** A module, and the stage that it computes; some compute nothing that predictions need. */
interface Module {
  readonly text: string;
  readonly stage: Stage;
}

/** The modules of stages that PyTorch has, without noise, for which it has none. */
export function modulesOf(stages: readonly Stage[]): Module[] {
  return stages.flatMap((stage) => {
    const text = textOf(stage);
    return text === undefined ? [] : [{ text, stage }];
  });
}

function textOf(stage: Stage): string | undefined {
  switch (stage.kind) {
    case 'dense':
      return `Linear(${stage.inputs}, ${stage.outputs})`;
    case 'batchNorm':
      return `BatchNorm1d(${stage.gamma.length}, eps=${stage.epsilon}, momentum=${stage.momentum})`;
    case 'layerNorm':
      return `LayerNorm(${stage.gamma.length}, eps=${stage.epsilon})`;
    case 'activation':
      return activationText(stage.activation);
    case 'dropout':
      return `Dropout(p=${stage.rate})`;
    default:
      return undefined;
  }
}

function activationText({ name, alpha }: ResolvedActivation): string {
  const text = modules[name] as string;
  return text.endsWith('=') ? `${text}${alpha})` : text;
}

/** What a module of a file is, without its parameters, which are in the file's tensors. */
export type ModuleKind =
  | { readonly kind: 'dense' }
  | { readonly kind: 'batchNorm'; readonly epsilon: number; readonly momentum: number }
  | { readonly kind: 'layerNorm'; readonly epsilon: number }
  | Extract<Stage, { kind: 'activation' | 'dropout' }>;

const number = String.raw`(\d+(?:\.\d+)?(?:e[+-]?\d+)?)`;
const patterns = {
  dense: /^Linear\(\d+, \d+\)$/,
  batchNorm: new RegExp(`^BatchNorm1d\\(\\d+, eps=${number}, momentum=${number}\\)$`),
  layerNorm: new RegExp(`^LayerNorm\\(\\d+, eps=${number}\\)$`),
  dropout: new RegExp(`^Dropout\\(p=${number}\\)$`),
};

/** Reads a module; undefined for one that `modulesOf` does not write. */
export function moduleOf(text: string): ModuleKind | undefined {
  if (patterns.dense.test(text)) return { kind: 'dense' };
  const batch = patterns.batchNorm.exec(text);
  if (batch !== null) return { kind: 'batchNorm', epsilon: Number(batch[1]), momentum: Number(batch[2]) };
  const layer = patterns.layerNorm.exec(text);
  if (layer !== null) return { kind: 'layerNorm', epsilon: Number(layer[1]) };
  const dropout = patterns.dropout.exec(text);
  if (dropout !== null) return { kind: 'dropout', rate: Number(dropout[1]) };
  for (const [name, module] of Object.entries(modules) as [ActivationName, string][]) {
    if (text === module) return { kind: 'activation', activation: { name, alpha: defaultAlpha(name) } };
    if (!module.endsWith('=') || !text.startsWith(module) || !text.endsWith(')')) continue;
    const alpha = Number(text.slice(module.length, -1));
    if (alpha > 0) return { kind: 'activation', activation: { name, alpha } };
  }
  return undefined;
}
