// From the stages of a chain to the layers of a network. A layer has at most one stage of each kind, in a fixed order. What
// does not fit into the current layer begins a new one; a layer without weights of its own gets the identity as its W.

import type { FloatArray } from '../base/matrix';
import { activationRow, type ResolvedActivation } from '../layers/activations';
import { type Architecture, completeArchitecture, type LayerOptions } from '../layers/architecture';
import type { Chain, DenseStage, Stage } from './chain';

/** Where the numbers of a parameter or of running moments come from. */
export type Source =
  | { readonly data: FloatArray; readonly transposed?: boolean }
  /** The same number everywhere. */
  | { readonly fill: number }
  | 'identity';

/** The most weights of identities, in all layers of a network: a small file could ask for any number of them. */
export const mostIdentities = 2 ** 24;

export interface LayersOf {
  readonly architecture: Architecture;
  /** By the name of the parameter or of the running moments. */
  readonly sources: ReadonlyMap<string, Source>;
}

/** The place of each kind of stage in a layer. */
const ranks = {
  noise: 0,
  scale: 1,
  dense: 2,
  batchNorm: 3,
  layerNorm: 3,
  activation: 4,
  dropout: 5,
  add: 6,
} as const;

type Kind = keyof typeof ranks;
type Own<K extends Kind> = Extract<Stage, { kind: K }>;

/** The stages of one layer: those from `start` up to `end`. */
interface Group {
  readonly start: number;
  readonly end: number;
  readonly stages: readonly Own<Kind>[];
}

/**
 * The layers for a chain.
 *
 * @param columns how many columns the preprocessing gives
 * @throws Error for what no network of this library computes, with a message that says what it is
 */
export function layersOf(chain: Chain, columns: number): LayersOf {
  const sources = new Map<string, Source>();
  const input = inputOf(chain, columns, sources);
  const groups = withOutputLayer(groupsOf(chain, input.begin));
  const ends = new Map(groups.map(({ end }, i) => [end, i]));
  const named = new Set<number>();
  let width = input.width;
  let identities = 0;
  const layers = groups.map((group, i) => {
    const { layer, skip } = layerOf(group, i, width, ends, sources);
    if (skip !== undefined) named.add(skip);
    if (sources.get(`W${i + 1}`) === 'identity') identities += width ** 2;
    if (identities > mostIdentities) {
      throw new Error(`it needs layers of ${width} units between its own, which would have too many weights`);
    }
    width = layer.outputDim;
    return i === 0 ? { ...layer, inputDim: columns, ...input.options } : layer;
  });
  const complete = layers.map((layer, i) =>
    named.has(i) && layer.name === undefined ? { ...layer, name: generatedName(i) } : layer,
  );
  const withSkips = complete.map(({ skip, ...layer }) => ({
    ...layer,
    ...(skip !== undefined && { skip: typeof skip === 'number' ? (complete[skip]?.name as string) : skip }),
  }));
  return { architecture: completeArchitecture(withSkips as readonly LayerOptions[]), sources };
}

function inputOf({ stages }: Chain, columns: number, sources: Map<string, Source>) {
  let begin = 0;
  let width = columns;
  let options: Partial<LayerOptions> = {};
  const [first] = stages;
  if (first?.kind === 'embed') {
    begin++;
    for (const [i, { data }] of first.tables.entries()) sources.set(`E${i + 1}`, { data });
    const embeddings = first.tables.map(({ rows, cols }) => ({ categories: rows - 1, outputDim: cols }));
    width += embeddings.reduce((sum, { outputDim }) => sum + outputDim, 0);
    options = { embeddings };
  }
  const next = stages[begin];
  if (next?.kind === 'waves') {
    begin++;
    const { name, columns: embedded, frequencies, outputs, F, P, V, c } = next.waves;
    for (const [key, data] of Object.entries({ F: F.data, P: P?.data, V: V.data, c })) {
      if (data !== undefined) sources.set(`${key}1`, { data });
    }
    width += embedded * (outputs - 1);
    const numericEmbeddings = {
      ...{ name, frequencies, outputDim: outputs },
      ...(embedded !== columns && { columns: embedded }),
    };
    options = {
      ...options,
      numericEmbeddings: numericEmbeddings as NonNullable<LayerOptions['numericEmbeddings']>,
    };
  }
  return { begin, width, options };
}

function groupsOf({ stages }: Chain, begin: number): Group[] {
  // What a later stage adds must be the result of a whole layer.
  const bounds = new Set(stages.flatMap((stage) => (stage.kind === 'add' ? [stage.from] : [])));
  const groups: Group[] = [];
  let start = begin;
  let own: Own<Kind>[] = [];
  const close = (end: number) => {
    groups.push({ start, end, stages: own });
    start = end;
    own = [];
  };
  for (let place = begin; place < stages.length; place++) {
    const stage = stages[place] as Own<Kind>;
    if (!Object.hasOwn(ranks, stage.kind)) throw new Error(`its embeddings are not at its beginning`);
    const last = own.at(-1);
    const fits = last === undefined || ranks[stage.kind] > ranks[last.kind];
    if (!fits || (bounds.has(place) && own.length > 0)) close(place);
    // The first layer is the input itself, since only layers have names.
    else if (place === begin && bounds.has(begin) && !addsAtOnce(stages, begin)) close(place);
    own.push(stage);
  }
  close(stages.length);
  return groups;
}

/** Whether what is added to later stages is added within the first layer alone. */
function addsAtOnce(stages: readonly Stage[], begin: number): boolean {
  const users = stages.flatMap((stage, i) => (stage.kind === 'add' && stage.from <= begin ? [i] : []));
  const [place = begin] = users;
  const kinds = stages.slice(begin, place + 1).map(({ kind }) => ranks[kind as Kind]);
  return users.length === 1 && kinds.every((rank, i) => i === 0 || rank > (kinds[i - 1] as number));
}

// The output layer has neither a normalisation nor dropout nor an addition.
function withOutputLayer(groups: Group[]): Group[] {
  const last = groups.pop() as Group;
  const at = last.stages.findIndex(({ kind }) => kind === 'activation');
  const norm = last.stages.some(({ kind }) => kind === 'batchNorm' || kind === 'layerNorm');
  const mixes = last.stages.some((stage) => stage.kind === 'activation' && stage.mix !== undefined);
  const late = last.stages.some(({ kind }) => kind === 'dropout' || kind === 'add');
  if (late || mixes) return [...groups, last, { start: last.end, end: last.end, stages: [] }];
  if (!norm) return [...groups, last];
  const place = at < 0 ? last.stages.length : at;
  const middle = last.start + place;
  return [
    ...groups,
    { start: last.start, end: middle, stages: last.stages.slice(0, place) },
    { start: middle, end: last.end, stages: last.stages.slice(place) },
  ];
}

type PlannedLayer = Omit<LayerOptions, 'skip' | 'inputDim'> & { readonly skip?: true | number };

function layerOf(
  { start, stages }: Group,
  index: number,
  width: number,
  ends: ReadonlyMap<number, number>,
  sources: Map<string, Source>,
): { readonly layer: PlannedLayer; readonly skip: number | undefined } {
  const n = index + 1;
  const the = <K extends Kind>(kind: K) => stages.find((stage): stage is Own<K> => stage.kind === kind);
  const [noise, scale, dense] = [the('noise'), the('scale'), the('dense')];
  const outputDim = dense?.outputs ?? width;
  setDense(dense, width, n, sources);
  if (scale !== undefined) sources.set(`s${n}`, { data: scale.factors });
  const norm = the('batchNorm') ?? the('layerNorm');
  if (norm !== undefined) {
    sources.set(`gamma${n}`, { data: norm.gamma });
    sources.set(`beta${n}`, { data: norm.beta });
  }
  if (norm?.kind === 'batchNorm') {
    sources.set(`mean${n}`, { data: norm.mean });
    sources.set(`variance${n}`, { data: norm.variance });
  }
  const { activation = { name: 'linear', alpha: 0 } as const, mix } = the('activation') ?? {};
  if (mix !== undefined) sources.set(`a${n}`, { data: mix });
  const [dropout, add] = [the('dropout'), the('add')];
  const skip = add === undefined || add.from === start ? undefined : ends.get(add.from);
  if (add !== undefined && add.from !== start && skip === undefined)
    throw new Error('it adds what is the result of no layer');
  const layer = {
    ...(dense?.name !== undefined && { name: dense.name }),
    outputDim,
    activation: optionOf(activation),
    ...(norm !== undefined && { normalization: normalizationOf(norm) }),
    ...(noise !== undefined && { noise: noise.standardDeviation }),
    ...(scale !== undefined && { inputScale: true }),
    ...(mix !== undefined && { activationMix: true }),
    ...(dropout !== undefined && { dropout: dropout.rate }),
    ...(add !== undefined && { skip: skip ?? (true as const) }),
  };
  return { layer, skip };
}

function setDense(
  dense: DenseStage | undefined,
  width: number,
  n: number,
  sources: Map<string, Source>,
): void {
  if (dense === undefined) {
    sources.set(`W${n}`, 'identity');
    sources.set(`b${n}`, { fill: 0 });
    return;
  }
  if (dense.inputs !== width)
    throw new Error(`it multiplies ${width} numbers by weights for ${dense.inputs}`);
  sources.set(`W${n}`, { data: dense.W, ...(dense.transposed === true && { transposed: true }) });
  sources.set(`b${n}`, { data: dense.b });
}

function normalizationOf(norm: Own<'batchNorm' | 'layerNorm'>): NonNullable<LayerOptions['normalization']> {
  const { epsilon } = norm;
  if (norm.kind === 'layerNorm') return { name: 'layer', epsilon };
  return { name: 'batch', momentum: norm.momentum, epsilon };
}

function optionOf({ name, alpha }: ResolvedActivation): LayerOptions['activation'] {
  const { parameter } = activationRow(name);
  if (parameter === undefined || alpha === parameter.default) return name;
  return { name, [parameter.name]: alpha } as unknown as LayerOptions['activation'];
}

function generatedName(index: number): string {
  return `layer ${index + 1}`;
}
