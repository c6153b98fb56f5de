// Computes one parameter's step with every optimiser. It follows the papers and the descriptions of PyTorch and
// Keras, and shares no code with lib/ or native/. All options of the factories must be given.

/** The optimiser's state after the earlier steps; empty before the first. */
export type State = Record<string, number>;
export type Options = Readonly<Record<string, number | boolean | string>>;

type Rule = (g: number, state: State, t: number, option: (name: string) => number, keras: boolean) => number;

// Each rule changes the state and returns d: the step subtracts learningRate * d from the parameter.
const rules: Record<string, Rule> = {
  sgd(g, state, t, option) {
    if (option('momentum') === 0) return g;
    const old = state.velocity;
    state.velocity =
      t === 1 || old === undefined ? g : option('momentum') * old + (1 - option('dampening')) * g;
    return option('nesterov') ? g + option('momentum') * state.velocity : state.velocity;
  },
  rmsProp(g, state, _, option, keras) {
    const decay = option('decay');
    state.square = decay * (state.square ?? 0) + (1 - decay) * g ** 2;
    let spread = state.square;
    if (option('centered')) {
      state.mean = decay * (state.mean ?? 0) + (1 - decay) * g;
      spread = Math.max(0, state.square - state.mean ** 2);
    }
    const step = g / (keras ? Math.sqrt(spread + option('epsilon')) : Math.sqrt(spread) + option('epsilon'));
    if (option('momentum') === 0) return step;
    state.velocity = option('momentum') * (state.velocity ?? 0) + step;
    return state.velocity;
  },
  adagrad(g, state, t, option, keras) {
    state.sum = (state.sum ?? option('initialAccumulator')) + g ** 2;
    const root = keras ? Math.sqrt(state.sum + option('epsilon')) : Math.sqrt(state.sum) + option('epsilon');
    return g / root / (1 + (t - 1) * option('learningRateDecay'));
  },
  adadelta(g, state, _, option) {
    const [decay, epsilon] = [option('decay'), option('epsilon')];
    state.square = decay * (state.square ?? 0) + (1 - decay) * g ** 2;
    const change = (Math.sqrt((state.changes ?? 0) + epsilon) / Math.sqrt(state.square + epsilon)) * g;
    state.changes = decay * (state.changes ?? 0) + (1 - decay) * change ** 2;
    return change;
  },
  adam(g, state, t, option, keras) {
    const [mean, square] = moments(g, state, option);
    const size = option('amsgrad') ? Math.max(state.largest ?? 0, square) : square;
    if (option('amsgrad')) state.largest = size;
    const correction = Math.sqrt(1 - option('beta2') ** t);
    const root = keras
      ? (Math.sqrt(size) + option('epsilon')) / correction
      : Math.sqrt(size) / correction + option('epsilon');
    return mean / (1 - option('beta1') ** t) / root;
  },
  adamax(g, state, t, option, keras) {
    const [beta1, beta2, epsilon] = [option('beta1'), option('beta2'), option('epsilon')];
    state.mean = beta1 * (state.mean ?? 0) + (1 - beta1) * g;
    state.norm = Math.max(beta2 * (state.norm ?? 0), Math.abs(g) + (keras ? 0 : epsilon));
    return state.mean / (1 - beta1 ** t) / (state.norm + (keras ? epsilon : 0));
  },
  nadam(g, state, t, option) {
    const momentum = (i: number) => option('beta1') * (1 - 0.5 * 0.96 ** (i * option('momentumDecay')));
    const product = (last: number) =>
      Array.from({ length: last }, (_, i) => momentum(i + 1)).reduce((a, b) => a * b, 1);
    const [mean, square] = moments(g, state, option);
    const ahead =
      (momentum(t + 1) * mean) / (1 - product(t + 1)) + ((1 - momentum(t)) * g) / (1 - product(t));
    return ahead / (Math.sqrt(square / (1 - option('beta2') ** t)) + option('epsilon'));
  },
  lion(g, state, _, option) {
    const mean = state.mean ?? 0;
    state.mean = option('beta2') * mean + (1 - option('beta2')) * g;
    return Math.sign(option('beta1') * mean + (1 - option('beta1')) * g);
  },
};

function moments(g: number, state: State, option: (name: string) => number): [mean: number, square: number] {
  const [beta1, beta2] = [option('beta1'), option('beta2')];
  state.mean = beta1 * (state.mean ?? 0) + (1 - beta1) * g;
  state.square = beta2 * (state.square ?? 0) + (1 - beta2) * g ** 2;
  return [state.mean, state.square];
}

/** Returns the parameter after step t (from 1), and changes the state in place. */
export function optimizerStep(options: Options, p: number, g: number, state: State, t: number): number {
  const option = (name: string) => Number(options[name] ?? 0);
  const decoupled = options.decoupled === true || options.name === 'adamW' || options.name === 'lion';
  const rule = rules[options.name === 'adamW' ? 'adam' : String(options.name)];
  if (rule === undefined) throw new Error(`no optimiser ${options.name}`);
  const weightDecay = option('weightDecay');
  const gradient = decoupled ? g : g + weightDecay * p;
  const shrunk = decoupled ? p * (1 - option('learningRate') * weightDecay) : p;
  return shrunk - option('learningRate') * rule(gradient, state, t, option, options.convention === 'keras');
}
