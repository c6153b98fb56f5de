// A stage is one step of the computation. Forward, it computes the values of one slot from the values of
// another, for the samples of a tile; backward, it turns the loss's gradient with respect to its output into
// the gradient with respect to its input. A layer is a list of stages: noise, scale, affine, normalise,
// activate or mix, dropout, add. The network's input is a stage, too, and its members are one. Tiles own the
// stages and call them. One thread calls Prepare; then several threads may call Forward or Backward at once,
// for different units.
//
// In a slot, a row is a unit and a column is a sample, as in the article. So vectors run along the samples,
// and they are full for layers of any width. Letters: m samples; ld >= m, the distance between rows; in and
// out, the units of a layer. A tile for one sample has ld = 1: its values are vectors.
#pragma once

#include <cstddef>

#include "engine/workspace.h"
#include "kernels/random.h"

namespace blasnet {

// The purpose of a pass through the stages.
struct Pass {
  bool predicts = false;    // compute the outputs; otherwise the loss, which may use the last layer's logits
  bool training = false;    // a backward pass follows, and batches are normalised by their own moments
  bool by_inputs = false;   // a backward pass to the inputs follows, and nothing is trained
  bool stochastic = false;  // dropout and noise are active
  double dropout_factor = 1;  // of the layers' shares of dropout
  RandomKey key{};            // the batch's random key

  bool GoesBack() const { return training || by_inputs; }
};

// The samples of a tile in one pass; where a network has members, their rows are its samples.
struct TileSamples {
  size_t m = 0;
  size_t ld = 0;
  size_t first = 0;     // position of the first sample in its batch
  size_t capacity = 0;  // the largest ld
  Pass pass;

  bool Single() const { return ld == 1; }
};

// A slot holds the values between two stages: one value per unit and sample.
template <typename T>
struct Slot {
  size_t units = 0;
  T* values = nullptr;           // (units, ld)
  const T* by_sample = nullptr;  // (m, units) instead of `values`: input in rows of samples
  T* gradients = nullptr;        // (units, ld): of the loss with respect to the values
  // Whether an AddStage reads the slot, too, because a residual connection starts here. Then its gradient is
  // a sum. The backward pass meets the readers from the last to the first: the last reader writes the
  // gradient, the others add to it.
  bool forks = false;
};

// Neighbours among the parameters.
struct ParameterSpan {
  size_t from = 0;
  size_t size = 0;
};

template <typename T>
class Stage {
 public:
  Stage(const Slot<T>* in, Slot<T>* out) : in_(in), out_(out) {}
  Stage(const Stage&) = delete;
  virtual ~Stage() = default;

  // Before a pass: reserves the memory that the pass writes, and sets out->values. Forward must not do that,
  // since several threads may run it at once.
  virtual void Prepare(const TileSamples& at) = 0;

  // Computes units from .. to of `out`, from these units of `in`, or from all of `in` if NeedsAllUnits.
  virtual void Forward(const TileSamples& at, size_t from, size_t to) = 0;

  // Turns the gradient of `out` into the gradient of units from .. to of `in`. Writes the gradients of the
  // stage's parameters, or adds to them if `accumulate`; `gradients` is laid out like the parameters. (An
  // affine stage does this in WeightGradients.)
  virtual void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) = 0;

  // The parameters whose gradients Backward writes (of an affine stage, WeightGradients).
  virtual ParameterSpan Parameters() const { return {}; }

  // Whether Forward does nothing in the prepared pass.
  virtual bool Idle(const TileSamples&) const { return false; }

  // The memory that the stage has reserved.
  virtual size_t Bytes() const = 0;

  // Whether a unit of `out` depends on all units of `in`. Such a stage begins a new segment.
  virtual bool NeedsAllUnits() const { return false; }

 protected:
  const Slot<T>* const in_;
  Slot<T>* const out_;
};

}  // namespace blasnet
