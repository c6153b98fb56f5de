#include "engine/stages/dropout.h"

namespace blasnet {

template <typename T>
void DropoutStage<T>::Prepare(const TileSamples& at) {
  this->out_->values = this->in_->values;
  if (Idle(at)) return;
  const size_t size = this->in_->units * at.capacity;
  mask_.Reserve(size);
  this->out_->values = output_.Reserve(size);
}

template <typename T>
void DropoutStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  if (Idle(at)) return;
  const RandomKey key = SubKey(at.pass.key, 0, stream_);
  const double share = share_ * at.pass.dropout_factor;
  const T scale = static_cast<T>(1 / (1 - share));
  const size_t start = from * at.ld;
  for (size_t i = from; i < to; i++) {
    DropoutMask(key, static_cast<uint32_t>(i), at.first, at.m, share, scale, mask_.data() + i * at.ld);
  }
  ApplyMask((to - from) * at.ld, mask_.data() + start, this->in_->values + start, this->out_->values + start);
}

template <typename T>
void DropoutStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool, T*) {
  if (Idle(at)) return;
  T* d = this->out_->gradients + from * at.ld;
  ApplyMask((to - from) * at.ld, mask_.data() + from * at.ld, d, d);
}

template class DropoutStage<double>;
template class DropoutStage<float>;

}  // namespace blasnet
