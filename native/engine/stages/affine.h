#pragma once

#include "engine/layers.h"
#include "engine/stages/activate.h"
#include "engine/stages/stage.h"
#include "kernels/row.h"

namespace blasnet {

// Z = W input + b. The input may come in rows of samples (Slot::by_sample). In a layer with heads, the
// columns are as many blocks, one after another, and each block is multiplied by a head's own W and b.
template <typename T>
class AffineStage final : public Stage<T> {
 public:
  AffineStage(Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters)
      : Stage<T>(in, out), layer_(layer), parameters_(parameters), input_(in) {}

  // `after`: the activation that reads Z directly. `before`: the activation whose output reaches this stage
  // directly or through dropout and noise. Each may be null.
  void FuseWith(ActivateStage<T>* after, ActivateStage<T>* before);

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool NeedsAllUnits() const override { return true; }
  ParameterSpan Parameters() const override {
    return {layer_.weights,
            layer_.trainable ? layer_.bias + layer_.heads * layer_.outputs - layer_.weights : 0};
  }
  // Of a prepared tile for one sample, in place of Forward; the input is input().values.
  RowLayer<T> ForOneRow() const;
  size_t Bytes() const override { return sums_.Bytes(); }

  // Writes columns from .. to of dW to `gradients`, those of some inputs, or adds them if `accumulate`. The
  // call for the first column does so with db.
  void WeightGradients(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) const;

  const Layer& layer() const { return layer_; }
  const Slot<T>& input() const { return *input_; }

 private:
  bool ForBlas() const;
  bool Wide() const;
  void HeadForward(const TileSamples& at, size_t head, size_t from, size_t to);
  void HeadGradients(const TileSamples& at, size_t head, size_t from, size_t to, bool accumulate,
                     T* gradients) const;
  void PartGradients(size_t ld, size_t from, size_t to, size_t column, size_t m, bool accumulate, T* dw,
                     size_t ldw, T* db) const;
  void HeadBackward(const TileSamples& at, size_t head, size_t from, size_t to);

  const Layer& layer_;
  const T* const parameters_;
  Slot<T>* const input_;
  ActivateStage<T>* relu_after_ = nullptr;   // the product applies this relu to Z
  ActivateStage<T>* relu_before_ = nullptr;  // the product applies this relu's derivative to dInput
  bool applies_relu_ = false;                // in the prepared pass
  Workspace<T> sums_;                        // Z (out, ld)
};

}  // namespace blasnet
