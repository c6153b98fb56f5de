// The way through a graph: from its output back to its input.

import { fileError, quote } from '../../formats/file-error';
import type { AddOf, Deed } from './deeds';
import type { Graph } from './graph';
import type { ValueInfo } from './model';
import { before } from './read-nodes';

export interface Way {
  readonly deeds: readonly Deed[];
  /** The input of numbers; undefined if the network takes categories alone. */
  readonly input: ValueInfo | undefined;
}

// Far more than any network needs.
const mostDeeds = 2000;

/** @throws Error ERR_BLASNET_FILE with node, operator and rule */
export function wayTo(graph: Graph, output: string): Way {
  const inputs = new Map(graph.model.inputs.map((input) => [input.name, input]));
  const backwards: (Deed | AddOf)[] = [];
  // By value: how many deeds follow it.
  const places = new Map<string, number>();
  let value: string | undefined = graph.behind(output);
  while (value !== undefined && !(inputs.has(value) && graph.producer(value) === undefined)) {
    places.set(value, backwards.length);
    const { deed, of } = before(graph, value);
    if (deed !== undefined) backwards.push(deed);
    if (places.size > mostDeeds) {
      throw fileError(graph.file, 'the graph', `one of at most ${mostDeeds} operators in a row`, 'more');
    }
    value = of === undefined ? undefined : graph.behind(of);
  }
  if (value !== undefined) places.set(value, backwards.length);
  const deeds = backwards.reverse().map((deed): Deed => {
    if (deed.kind !== 'addOf') return deed;
    const place = places.get(graph.behind(deed.other));
    if (place !== undefined) return { kind: 'add', node: deed.node, from: backwards.length - place };
    const rule = 'one that adds a value that is on the way to its other input';
    throw graph.wrong(deed.node, rule, quote(deed.other));
  });
  return { deeds, input: value === undefined ? undefined : inputs.get(value) };
}
