#pragma once

#include "engine/stages/stage.h"

namespace blasnet {

// Adds normal noise in stochastic passes; otherwise its output is its input.
template <typename T>
class NoiseStage final : public Stage<T> {
 public:
  // `stream` tells this stage's random numbers from other stages'.
  NoiseStage(const Slot<T>* in, Slot<T>* out, double deviation, uint32_t stream)
      : Stage<T>(in, out), deviation_(static_cast<T>(deviation)), stream_(stream) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples&, size_t, size_t, bool, T*) override {}
  bool Idle(const TileSamples& at) const override { return !at.pass.stochastic; }

 private:
  const T deviation_;
  const uint32_t stream_;
  Workspace<T> noisy_;  // (units, ld)
};

}  // namespace blasnet
