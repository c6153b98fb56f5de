#include "engine/stages/scale.h"

#include "kernels/vectors.h"

namespace blasnet {

template <typename T>
void ScaleStage<T>::Prepare(const TileSamples& at) {
  this->out_->values = scaled_.Reserve(layer_.inputs * at.capacity);
}

template <typename T>
void ScaleStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const T* factors = parameters_ + layer_.scale;
  for (size_t j = from; j < to; j++) {
    Scale(input_->values + j * at.ld, factors[j], at.m, this->out_->values + j * at.ld);
  }
}

template <typename T>
void ScaleStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) {
  const T* factors = parameters_ + layer_.scale;
  T* sums = gradients + layer_.scale;
  for (size_t j = from; j < to; j++) {
    const size_t row = j * at.ld;
    const T* d = this->out_->gradients + row;
    const T sum = static_cast<T>(Dot(d, input_->values + row, at.m));
    sums[j] = accumulate ? sums[j] + sum : sum;
    if (!gradient_wanted_) continue;
    T* in = input_->gradients + row;
    if (input_->forks) {
      AddScaled(in, factors[j], d, at.m, in);
    } else {
      Scale(d, factors[j], at.m, in);
    }
  }
}

template class ScaleStage<double>;
template class ScaleStage<float>;

}  // namespace blasnet
