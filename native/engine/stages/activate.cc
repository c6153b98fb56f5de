#include "engine/stages/activate.h"

namespace blasnet {

template <typename T>
void ActivateStage<T>::Prepare(const TileSamples& at) {
  const bool apart = ActsIn(at.pass) && NeedsInputs(activation_) && !at.Single();
  this->out_->values = apart ? activations_.Reserve(this->in_->units * at.capacity) : this->in_->values;
}

template <typename T>
void ActivateStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  if (Idle(at)) return;
  const size_t start = from * at.ld;
  const SampleAxis axis = at.Single() ? SampleAxis::kRows : SampleAxis::kColumns;
  ActivationForward(activation_, alpha_, axis, at.ld, to - from, this->in_->values + start,
                    this->out_->values + start);
}

template <typename T>
void ActivateStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool, T*) {
  if (backward_fused_ || !ActsIn(at.pass)) return;
  const size_t start = from * at.ld;
  T* d = this->out_->gradients + start;
  ActivationBackward(activation_, alpha_, SampleAxis::kColumns, at.ld, to - from, d,
                     this->in_->values + start, this->out_->values + start, d);
}

template class ActivateStage<double>;
template class ActivateStage<float>;

}  // namespace blasnet
