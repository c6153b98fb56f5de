#pragma once

#include "engine/layers.h"
#include "engine/stages/activate.h"
#include "engine/stages/stage.h"

namespace blasnet {

// Z = W input + b. Reads its input in rows of samples, too, where that comes so.
template <typename T>
class AffineStage final : public Stage<T> {
 public:
  AffineStage(Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters)
      : Stage<T>(in, out), layer_(layer), parameters_(parameters), input_(in) {}

  // The activation that takes Z as it is, and the one whose outputs the input is, but for dropout and noise.
  void FuseWith(ActivateStage<T>* after, ActivateStage<T>* before);

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool NeedsAllUnits() const override { return true; }

  // Rows from .. to of dW and db, written or added to `gradients`.
  void WeightGradients(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) const;

  const Layer& layer() const { return layer_; }

 private:
  bool ForBlas() const;

  const Layer& layer_;
  const T* const parameters_;
  Slot<T>* const input_;
  ActivateStage<T>* relu_after_ = nullptr;   // applied to Z in the product
  ActivateStage<T>* relu_before_ = nullptr;  // its derivative is applied to dInput in the product
  bool applies_relu_ = false;                // in this pass
  Workspace<T> sums_;                        // Z (out, ld)
};

}  // namespace blasnet
