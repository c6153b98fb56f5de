#include "engine/stages/add.h"

#include <algorithm>

#include "kernels/vectors.h"

namespace blasnet {

template <typename T>
void AddStage<T>::Prepare(const TileSamples& at) {
  this->out_->values = sums_.Reserve(this->in_->units * at.capacity);
}

template <typename T>
void AddStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const size_t start = from * at.ld, size = (to - from) * at.ld;
  AddScaled(this->in_->values + start, 1.0, earlier_->values + start, size, this->out_->values + start);
}

template <typename T>
void AddStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool, T*) {
  if (!gradient_wanted_) return;
  const size_t start = from * at.ld, size = (to - from) * at.ld;
  const T* d = this->out_->gradients + start;
  T* sum = earlier_->gradients + start;
  if (first_) {
    std::copy_n(d, size, sum);
  } else {
    AddScaled(sum, 1.0, d, size, sum);
  }
}

template class AddStage<double>;
template class AddStage<float>;

}  // namespace blasnet
