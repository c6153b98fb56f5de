#pragma once

#include "engine/stages/stage.h"

namespace blasnet {

// Stochastic passes: adds normally distributed noise. Other passes: the output is the input.
template <typename T>
class NoiseStage final : public Stage<T> {
 public:
  // Each stage has its own `stream` of random numbers.
  NoiseStage(const Slot<T>* in, Slot<T>* out, double deviation, uint32_t stream)
      : Stage<T>(in, out), deviation_(static_cast<T>(deviation)), stream_(stream) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples&, size_t, size_t, bool, T*) override {}
  bool Idle(const TileSamples& at) const override { return !at.pass.stochastic; }
  size_t Bytes() const override { return noisy_.Bytes(); }

 private:
  const T deviation_;
  const uint32_t stream_;
  Workspace<T> noisy_;  // (units, ld)
};

}  // namespace blasnet
