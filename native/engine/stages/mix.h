#pragma once

#include "engine/layers.h"
#include "engine/stages/stage.h"
#include "kernels/activations.h"

namespace blasnet {

// A = Z + a (g(Z) - Z), with a learned share a for each unit. g works unit by unit.
template <typename T>
class MixStage final : public Stage<T> {
 public:
  MixStage(const Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters)
      : Stage<T>(in, out), layer_(layer), parameters_(parameters) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  ParameterSpan Parameters() const override { return {layer_.mix_shares, layer_.outputs}; }
  size_t Bytes() const override {
    return activations_.Bytes() + differences_.Bytes() + slopes_.Bytes() + mixed_.Bytes();
  }

 private:
  const Layer& layer_;
  const T* const parameters_;
  Workspace<T> activations_;  // (out, ld): g(Z)
  Workspace<T> differences_;  // (out, ld): g(Z) - Z
  Workspace<T> slopes_;       // (out, ld): the part of dZ that comes through g
  Workspace<T> mixed_;        // (out, ld): A
};

}  // namespace blasnet
