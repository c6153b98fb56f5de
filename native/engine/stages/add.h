#pragma once

#include "engine/stages/stage.h"

namespace blasnet {

// A residual connection (He et al., 2016): adds the values of an earlier slot, the input of a layer.
template <typename T>
class AddStage final : public Stage<T> {
 public:
  // `gradient_wanted`: something before the earlier slot is trained. `first`: in the backward pass, this
  // stage is the first of the earlier slot's readers, so it writes the gradient; other readers add to it.
  AddStage(const Slot<T>* in, Slot<T>* earlier, Slot<T>* out, bool gradient_wanted, bool first)
      : Stage<T>(in, out), earlier_(earlier), gradient_wanted_(gradient_wanted), first_(first) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  size_t Bytes() const override { return sums_.Bytes(); }

 private:
  Slot<T>* const earlier_;
  const bool gradient_wanted_;
  const bool first_;
  Workspace<T> sums_;  // (units, ld)
};

}  // namespace blasnet
