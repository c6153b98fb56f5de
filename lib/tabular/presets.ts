// The presets of a training, and the options that say the same in other words.

/** How many trainings there are, and how long they are. */
export type Preset = 'default' | 'fast' | 'best';

export const presets = ['default', 'fast', 'best'] as const satisfies Preset[];

/** Options that describe the network or its steps. Who gives one of them trains as it says, without a preset. */
const ownOptions = [
  ...(['hidden', 'activation', 'numericEmbeddings', 'initializer', 'optimizer', 'schedule'] as const),
  ...(['weightDecaySchedule', 'dropoutSchedule', 'earlyStopping'] as const),
] satisfies string[];

/** The option that stands in the way of a preset. */
export function ownOption(options: object): string | undefined {
  return ownOptions.find((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined);
}

/** The preset of a training; undefined if the options describe the network. */
export function presetOf(options: { readonly preset?: string }): Preset | undefined {
  if (ownOption(options) !== undefined) return undefined;
  return (options.preset as Preset | undefined) ?? 'default';
}
