#include "engine/stages/normalize.h"

#include <cmath>

#include "kernels/normalization.h"

namespace blasnet {

template <typename T>
void BatchNormStage<T>::Prepare(const TileSamples& at) {
  const size_t units = layer_.outputs;
  mean_.Reserve(units);
  rest_.Reserve(units);
  variance_.Reserve(units);
  inverse_.Reserve(units);
  this->out_->values = output_.Reserve(units * at.capacity);
}

template <typename T>
void BatchNormStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const size_t units = to - from, start = from * at.ld;
  T* x = this->in_->values + start;
  const T* mean = statistics_ + layer_.mean + from;
  const T* rest = nullptr;
  const T* variance = statistics_ + layer_.variance + from;
  if (UsesOwnMoments(at)) {
    mean = mean_.data() + from;
    rest = rest_.data() + from;
    variance = variance_.data() + from;
    RowMoments(units, at.m, at.ld, x, mean_.data() + from, rest_.data() + from, variance_.data() + from);
  }
  T* inverse = inverse_.data() + from;
  InverseDeviations(units, variance, layer_.template Epsilon<T>(), inverse);
  NormalizeRows(units, at.m, at.ld, x, mean, rest, inverse, parameters_ + layer_.gamma + from,
                parameters_ + layer_.beta + from, x, this->out_->values + start);
}

template <typename T>
void BatchNormStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool accumulate,
                                 T* gradients) {
  const size_t start = from * at.ld;
  NormalizeRowsBackward(to - from, at.m, at.ld, this->in_->values + start, inverse_.data() + from,
                        parameters_ + layer_.gamma + from, UsesOwnMoments(at), accumulate,
                        this->out_->gradients + start, gradients + layer_.gamma + from,
                        gradients + layer_.beta + from);
}

template <typename T>
void BatchNormStage<T>::UpdateStatistics(const TileSamples& at, T* statistics) const {
  // A single sample has no variance. Its computed variance, 0, would pull the running one towards 0.
  if (!layer_.UsesBatchMoments() || at.m == 1) return;
  const T share = static_cast<T>(layer_.momentum);
  const T unbiased = static_cast<T>(at.m) / static_cast<T>(at.m - 1);
  for (size_t i = 0; i < layer_.outputs; i++) {
    T& mean = statistics[layer_.mean + i];
    T& variance = statistics[layer_.variance + i];
    mean += share * (mean_.data()[i] - mean + rest_.data()[i]);
    variance += share * (variance_.data()[i] * unbiased - variance);
  }
}

template <typename T>
void LayerNormStage<T>::Prepare(const TileSamples& at) {
  inverse_.Reserve(at.capacity);
  this->out_->values = output_.Reserve(layer_.outputs * at.capacity);
}

template <typename T>
void LayerNormStage<T>::Forward(const TileSamples& at, size_t, size_t) {
  const size_t units = layer_.outputs;
  const T* gamma = parameters_ + layer_.gamma;
  const T* beta = parameters_ + layer_.beta;
  T* x = this->in_->values;
  T* out = this->out_->values;
  const T epsilon = layer_.template Epsilon<T>();
  if (!at.Single()) {
    return NormalizeColumns(units, at.m, at.ld, x, epsilon, gamma, beta, x, inverse_.data(), out);
  }
  // The units of one sample are contiguous, like the samples of one unit.
  T mean, rest, variance;
  RowMoments(1, units, units, x, &mean, &rest, &variance);
  const T inverse = T{1} / std::sqrt(variance + epsilon);
  for (size_t i = 0; i < units; i++) out[i] = gamma[i] * ((x[i] - mean - rest) * inverse) + beta[i];
}

template <typename T>
void LayerNormStage<T>::Backward(const TileSamples& at, size_t, size_t, bool accumulate, T* gradients) {
  NormalizeColumnsBackward(layer_.outputs, at.m, at.ld, this->in_->values, inverse_.data(),
                           parameters_ + layer_.gamma, accumulate, this->out_->gradients,
                           gradients + layer_.gamma, gradients + layer_.beta);
}

template class BatchNormStage<double>;
template class BatchNormStage<float>;
template class LayerNormStage<double>;
template class LayerNormStage<float>;

}  // namespace blasnet
