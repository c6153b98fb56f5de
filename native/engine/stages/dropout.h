#pragma once

#include "engine/stages/stage.h"

namespace blasnet {

// Stochastic passes: sets a share of the values to 0 and multiplies the others by 1 / (1 - share) (Srivastava
// et al., 2014). Other passes: the output is the input.
template <typename T>
class DropoutStage final : public Stage<T> {
 public:
  // Each stage has its own `stream` of random numbers.
  DropoutStage(const Slot<T>* in, Slot<T>* out, double share, uint32_t stream)
      : Stage<T>(in, out), share_(share), stream_(stream) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool Idle(const TileSamples& at) const override {
    return !at.pass.stochastic || at.pass.dropout_factor == 0;
  }
  size_t Bytes() const override { return mask_.Bytes() + output_.Bytes(); }

 private:
  const double share_;
  const uint32_t stream_;
  Workspace<T> mask_;    // (units, ld): 0 or 1 / (1 - share)
  Workspace<T> output_;  // (units, ld)
};

}  // namespace blasnet
