#include "engine/layers.h"

namespace blasnet {

size_t ParameterCount(const LayerSpec& spec) {
  const size_t factors = spec.normalization == Normalization::kNone ? 0 : 2;
  return ((spec.inputs + 1) * spec.heads + factors + spec.mixes) * spec.outputs +
         (spec.scales_inputs ? spec.inputs : 0);
}

size_t StatisticCount(const LayerSpec& spec) { return spec.NormalizesBatches() ? 2 * spec.outputs : 0; }

Network LayOut(const NetworkSpec& spec) {
  Network network;
  network.numbers = spec.input.numbers;
  const bool trains_input = spec.layers.front().trainable;
  size_t parameters = 0, statistics = 0;
  for (const EmbeddingSpec& embedding : spec.input.embeddings) {
    network.embeddings.push_back({embedding, parameters});
    network.ranges.push_back({parameters, embedding.Size(), trains_input});
    parameters += embedding.Size();
  }
  if (spec.input.numeric.columns > 0) {
    NumericEmbedding& numeric = network.numeric;
    static_cast<NumericSpec&>(numeric) = spec.input.numeric;
    const auto add = [&](size_t size) {
      network.ranges.push_back({parameters, size, trains_input});
      parameters += size;
      return parameters - size;
    };
    numeric.frequency = add(numeric.columns * numeric.frequencies);
    if (numeric.HasPhases()) numeric.phase = add(numeric.columns * numeric.frequencies);
    numeric.weights = add(numeric.columns * numeric.Linear() * numeric.Waves());
    numeric.bias = add(numeric.columns * numeric.Linear());
  }
  if (spec.members > 0) {
    network.members = spec.members;
    network.member_factors = parameters;
    const size_t size = spec.members * spec.input.Features();
    network.ranges.push_back({parameters, size, trains_input});
    parameters += size;
  }
  for (const LayerSpec& layer_spec : spec.layers) {
    Layer layer{layer_spec};
    const size_t weights = layer.heads * layer.inputs * layer.outputs, biases = layer.heads * layer.outputs;
    layer.weights = parameters;
    layer.bias = layer.weights + weights;
    layer.gamma = layer.bias + biases;
    layer.beta = layer.gamma + layer.outputs;
    const bool normalizes = layer.normalization != Normalization::kNone;
    layer.scale = layer.gamma + (normalizes ? 2 * layer.outputs : 0);
    layer.mix_shares = layer.scale + (layer.scales_inputs ? layer.inputs : 0);
    layer.mean = statistics;
    layer.variance = statistics + layer.outputs;
    parameters += ParameterCount(layer);
    statistics += StatisticCount(layer);
    layer.end = parameters;
    network.ranges.push_back(
        {layer.weights, weights, layer.trainable, layer.l1, layer.l2, layer.inputs, layer.max_norm});
    network.ranges.push_back({layer.bias, biases, layer.trainable});
    if (normalizes) {
      network.ranges.push_back({layer.gamma, layer.outputs, layer.trainable});
      network.ranges.push_back({layer.beta, layer.outputs, layer.trainable});
    }
    if (layer.scales_inputs) network.ranges.push_back({layer.scale, layer.inputs, layer.trainable});
    if (layer.mixes) network.ranges.push_back({layer.mix_shares, layer.outputs, layer.trainable});
    network.layers.push_back(layer);
  }
  for (size_t i = 0; i < spec.factors.size(); i++) {
    ParameterRange& range = network.ranges[i];
    range.factors = spec.factors[i];
    if (range.factors.learning_rate == 0) range.trainable = false;
  }
  network.parameter_count = parameters;
  network.statistic_count = statistics;
  return network;
}

}  // namespace blasnet
