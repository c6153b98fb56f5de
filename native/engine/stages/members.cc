#include "engine/stages/members.h"

#include "kernels/vectors.h"

namespace blasnet {

template <typename T>
void MembersStage<T>::Prepare(const TileSamples& at) {
  this->out_->values = columns_.Reserve(this->out_->units * at.capacity);
}

template <typename T>
void MembersStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  const size_t m = samples_.m, units = this->out_->units;
  const T* factors = parameters_ + network_.member_factors;
  for (size_t j = from; j < to; j++) {
    const T* in = input_->values + j * samples_.ld;
    T* out = this->out_->values + j * at.ld;
    for (size_t member = 0; member < network_.members; member++) {
      Scale(in, factors[member * units + j], m, out + member * m);
    }
  }
}

template <typename T>
void MembersStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) {
  const size_t m = samples_.m, units = this->out_->units;
  const T* factors = parameters_ + network_.member_factors;
  T* sums = gradients + network_.member_factors;
  for (size_t j = from; j < to; j++) {
    const T* in = input_->values + j * samples_.ld;
    const T* d = this->out_->gradients + j * at.ld;
    for (size_t member = 0; member < network_.members; member++) {
      const size_t place = member * units + j;
      const T sum = static_cast<T>(Dot(d + member * m, in, m));
      sums[place] = accumulate ? sums[place] + sum : sum;
    }
    if (!gradient_wanted_) continue;
    T* d_in = input_->gradients + j * samples_.ld;
    Scale(d, factors[j], m, d_in);
    for (size_t member = 1; member < network_.members; member++) {
      AddScaled(static_cast<const T*>(d_in), factors[member * units + j], d + member * m, m, d_in);
    }
  }
}

template class MembersStage<double>;
template class MembersStage<float>;

}  // namespace blasnet
