#pragma once

#include "engine/stages/stage.h"
#include "kernels/activations.h"

namespace blasnet {

// A = g(Z). It works in place if the derivative can be computed from A.
template <typename T>
class ActivateStage final : public Stage<T> {
 public:
  // `for_outputs`: this is the output layer and the loss is computed from logits. Then the activation acts in
  // predictions only.
  ActivateStage(const Slot<T>* in, Slot<T>* out, Activation activation, double alpha, bool for_outputs)
      : Stage<T>(in, out),
        activation_(activation),
        alpha_(static_cast<T>(alpha)),
        for_outputs_(for_outputs) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool Idle(const TileSamples& at) const override { return forward_fused_ || !ActsIn(at.pass); }
  bool NeedsAllUnits() const override { return blasnet::NeedsAllUnits(activation_); }
  size_t Bytes() const override { return activations_.Bytes(); }

  // An affine stage may apply a relu that follows it (FuseForward), or the derivative of a relu before it
  // (FuseBackward), while its results are in registers. This stage then skips that work.
  bool IsRelu() const { return activation_ == Activation::kRelu; }
  bool ActsIn(const Pass& pass) const { return pass.predicts || !for_outputs_; }
  void FuseForward(bool fused) { forward_fused_ = fused; }
  void FuseBackward(bool fused) { backward_fused_ = fused; }
  const Slot<T>& Output() const { return *this->out_; }

 private:
  const Activation activation_;
  const T alpha_;
  const bool for_outputs_;
  bool forward_fused_ = false;
  bool backward_fused_ = false;
  Workspace<T> activations_;  // (units, ld), for activations that must keep Z
};

}  // namespace blasnet
