#include "engine/layers.h"

namespace blasnet {

size_t ParameterCount(const LayerSpec& spec) {
  const size_t factors = spec.normalization == Normalization::kNone ? 0 : 2;
  return (spec.inputs + 1 + factors) * spec.outputs;
}

size_t StatisticCount(const LayerSpec& spec) { return spec.NormalizesBatches() ? 2 * spec.outputs : 0; }

std::vector<Layer> LayOut(const std::vector<LayerSpec>& specs) {
  std::vector<Layer> layers;
  size_t parameters = 0, statistics = 0;
  for (const LayerSpec& spec : specs) {
    Layer layer{spec};
    layer.weights = parameters;
    layer.bias = layer.weights + spec.inputs * spec.outputs;
    layer.gamma = layer.bias + spec.outputs;
    layer.beta = layer.gamma + spec.outputs;
    layer.mean = statistics;
    layer.variance = statistics + spec.outputs;
    parameters += ParameterCount(spec);
    statistics += StatisticCount(spec);
    layer.end = parameters;
    layer.statistics_end = statistics;
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace blasnet
