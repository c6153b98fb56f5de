#include "engine/single_sample.h"

#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/normalization.h"

namespace blasnet {

template <typename T>
SingleSample<T>::SingleSample(const std::vector<Layer>& layers, const T* parameters, const T* statistics)
    : layers_(layers), parameters_(parameters), statistics_(statistics) {
  size_t widest = 0;
  for (const Layer& layer : layers) widest = std::max(widest, layer.outputs);
  for (std::vector<T>& values : between_) values.resize(widest);
}

template <typename T>
void SingleSample<T>::Predict(const T* x, T* out) {
  const T* input = x;
  for (size_t l = 0; l < layers_.size(); l++) {
    const Layer& layer = layers_[l];
    T* z = l + 1 < layers_.size() ? between_[l % 2].data() : out;
    DotProducts(layer.outputs, 1, layer.inputs, parameters_ + layer.weights, layer.inputs, input,
                layer.inputs, parameters_ + layer.bias, false, z, 1);
    if (layer.normalization != Normalization::kNone) Normalize(layer, z);
    ActivationForward(layer.activation, static_cast<T>(layer.alpha), SampleAxis::kRows, 1, layer.outputs, z,
                      z);
    input = z;
  }
}

// z (out)
template <typename T>
void SingleSample<T>::Normalize(const Layer& layer, T* z) const {
  const T* gamma = parameters_ + layer.gamma;
  const T* beta = parameters_ + layer.beta;
  const T epsilon = layer.template Epsilon<T>();
  if (layer.NormalizesBatches()) {
    const T* mean = statistics_ + layer.mean;
    const T* variance = statistics_ + layer.variance;
    for (size_t i = 0; i < layer.outputs; i++) {
      z[i] = gamma[i] * ((z[i] - mean[i]) / std::sqrt(variance[i] + epsilon)) + beta[i];
    }
    return;
  }
  T mean, variance;
  RowMoments(1, layer.outputs, layer.outputs, z, &mean, &variance);
  const T inverse = T{1} / std::sqrt(variance + epsilon);
  for (size_t i = 0; i < layer.outputs; i++) z[i] = gamma[i] * ((z[i] - mean) * inverse) + beta[i];
}

template class SingleSample<double>;
template class SingleSample<float>;

}  // namespace blasnet
