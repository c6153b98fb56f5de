#include "engine/stages/noise.h"

namespace blasnet {

template <typename T>
void NoiseStage<T>::Prepare(const TileSamples& at) {
  this->out_->values =
      at.pass.stochastic ? noisy_.Reserve(this->in_->units * at.capacity) : this->in_->values;
}

template <typename T>
void NoiseStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  if (Idle(at)) return;
  const RandomKey key = SubKey(at.pass.key, 0, stream_);
  for (size_t i = from; i < to; i++) {
    AddNoise(key, static_cast<uint32_t>(i), at.first, at.m, deviation_, this->in_->values + i * at.ld,
             this->out_->values + i * at.ld);
  }
}

template class NoiseStage<double>;
template class NoiseStage<float>;

}  // namespace blasnet
