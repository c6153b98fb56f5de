#pragma once

#include "engine/layers.h"
#include "engine/stages/stage.h"

namespace blasnet {

// Multiplies each input of a layer by a learned factor.
template <typename T>
class ScaleStage final : public Stage<T> {
 public:
  // `gradient_wanted`: something before the layer is trained. The slot `out` has an array of gradients of its
  // own, since that of `in` may already hold what comes from residual connections.
  ScaleStage(Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters, bool gradient_wanted)
      : Stage<T>(in, out),
        layer_(layer),
        parameters_(parameters),
        input_(in),
        gradient_wanted_(gradient_wanted) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  ParameterSpan Parameters() const override { return {layer_.scale, layer_.inputs}; }
  size_t Bytes() const override { return scaled_.Bytes(); }

 private:
  const Layer& layer_;
  const T* const parameters_;
  Slot<T>* const input_;
  const bool gradient_wanted_;
  Workspace<T> scaled_;  // (in, ld)
};

}  // namespace blasnet
