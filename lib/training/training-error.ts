import type { History } from './history';

/** An error that ended a training, be it of this library or of a callback. `console.log` does not show the history. */
export interface TrainingError extends Error {
  /** The epochs that the training finished. */
  readonly history: History;
}

// A callback may throw one error in several trainings. The properties are then those of the last one.
const carriers = new WeakSet<Error>();

/** Gives an error properties, unless it cannot have them, or has one of its own under such a name. */
export function attach(error: unknown, properties: Readonly<Record<string, unknown>>): void {
  if (!(error instanceof Error)) return;
  const own = (name: string) => Object.hasOwn(error, name) && !carriers.has(error);
  if (!Object.isExtensible(error) || Object.keys(properties).some(own)) return;
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(error, name, { value, configurable: true });
  }
  carriers.add(error);
}
