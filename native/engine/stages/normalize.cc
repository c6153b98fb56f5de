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
void BatchNormStage<T>::Measure(const TileSamples& at, size_t from, size_t to, double* part) {
  const size_t units = layer_.outputs;
  T *mean = mean_.data(), *rest = rest_.data(), *variance = variance_.data();
  RowMoments(to - from, at.m, at.ld, this->in_->values + from * at.ld, mean + from, rest + from,
             variance + from);
  for (size_t i = from; i < to; i++) {
    part[i] = static_cast<double>(mean[i]);
    part[units + i] = static_cast<double>(rest[i]);
    part[2 * units + i] = static_cast<double>(variance[i]) * static_cast<double>(at.m);
  }
}

template <typename T>
void BatchNormStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const size_t units = to - from, start = from * at.ld;
  T* x = this->in_->values + start;
  const T* mean = statistics_ + layer_.mean + from;
  const T* rest = nullptr;
  const T* variance = statistics_ + layer_.variance + from;
  if (UsesBatch(at)) {
    mean = batch_->mean.data() + from;
    rest = batch_->rest.data() + from;
    variance = batch_->variance.data() + from;
  }
  T* inverse = inverse_.data() + from;
  InverseDeviations(units, variance, layer_.template Epsilon<T>(), inverse);
  NormalizeRows(units, at.m, at.ld, x, mean, rest, inverse, parameters_ + layer_.gamma + from,
                parameters_ + layer_.beta + from, x, this->out_->values + start);
}

template <typename T>
void BatchNormStage<T>::GradientsOfFactors(const TileSamples& at, size_t from, size_t to, bool accumulate,
                                           T* gradients, double* part) {
  const size_t units = layer_.outputs, start = from * at.ld;
  RowGradients(to - from, at.m, at.ld, this->out_->gradients + start, this->in_->values + start, part + from,
               part + units + from);
  T* dgamma = gradients + layer_.gamma;
  T* dbeta = gradients + layer_.beta;
  for (size_t i = from; i < to; i++) {
    const T by_gamma = static_cast<T>(part[i]), by_beta = static_cast<T>(part[units + i]);
    dgamma[i] = accumulate ? dgamma[i] + by_gamma : by_gamma;
    dbeta[i] = accumulate ? dbeta[i] + by_beta : by_beta;
  }
}

// A layer that does not use the batch's moments is frozen, or the pass trains nothing.
template <typename T>
void BatchNormStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool, T*) {
  const size_t start = from * at.ld;
  const bool uses_batch = UsesBatch(at);
  NormalizeRowsBackward(
      to - from, at.m, at.ld, this->in_->values + start, inverse_.data() + from,
      parameters_ + layer_.gamma + from, uses_batch ? batch_->mean_gamma.data() + from : nullptr,
      uses_batch ? batch_->mean_beta.data() + from : nullptr, this->out_->gradients + start);
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
