#include "engine/stages/mix.h"

#include "kernels/vectors.h"

namespace blasnet {

template <typename T>
void MixStage<T>::Prepare(const TileSamples& at) {
  const size_t size = layer_.outputs * at.capacity;
  activations_.Reserve(size);
  differences_.Reserve(size);
  if (at.pass.GoesBack()) slopes_.Reserve(size);
  this->out_->values = mixed_.Reserve(size);
}

template <typename T>
void MixStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const size_t ld = at.ld;
  const SampleAxis axis = at.Single() ? SampleAxis::kRows : SampleAxis::kColumns;
  const T* shares = parameters_ + layer_.mix_shares;
  ActivationForward(layer_.activation, static_cast<T>(layer_.alpha), axis, ld, to - from,
                    this->in_->values + from * ld, activations_.data() + from * ld);
  for (size_t i = from; i < to; i++) {
    const T* z = this->in_->values + i * ld;
    T* difference = differences_.data() + i * ld;
    AddScaled(activations_.data() + i * ld, -1.0, z, at.m, difference);
    AddScaled(z, shares[i], difference, at.m, mixed_.data() + i * ld);
  }
}

template <typename T>
void MixStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) {
  const size_t ld = at.ld, start = from * ld;
  const T* shares = parameters_ + layer_.mix_shares;
  T* sums = gradients + layer_.mix_shares;
  T* slopes = slopes_.data();
  T* d = this->out_->gradients;
  for (size_t i = from; i < to; i++) {
    const T sum = static_cast<T>(Dot(d + i * ld, differences_.data() + i * ld, at.m));
    sums[i] = accumulate ? sums[i] + sum : sum;
    Scale(d + i * ld, shares[i], at.m, slopes + i * ld);
  }
  ActivationBackward(layer_.activation, static_cast<T>(layer_.alpha), SampleAxis::kColumns, ld, to - from,
                     slopes + start, this->in_->values + start, activations_.data() + start, slopes + start);
  for (size_t i = from; i < to; i++) {
    AddScaled(slopes + i * ld, 1 - static_cast<double>(shares[i]), d + i * ld, at.m, d + i * ld);
  }
}

template class MixStage<double>;
template class MixStage<float>;

}  // namespace blasnet
