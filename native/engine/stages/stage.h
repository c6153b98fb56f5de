// A stage is one step of the computation: it makes the values of one slot from those of another, for the
// samples of a tile, and carries the loss's gradient back. A layer is a list of stages: noise, affine,
// normalise, activate, dropout, add; the input is one as well.
//
// Values are laid out with a unit a row and a sample a column, as in the article: vectors then run along the
// samples, and no layer's width leaves lanes empty. Letters: m samples, ld >= m the distance between rows, in
// and out the units of a layer. A tile of one sample alone has ld = 1: its values are vectors.
#pragma once

#include <cstddef>

#include "engine/workspace.h"
#include "kernels/random.h"

namespace blasnet {

// What a pass through the stages is for.
struct Pass {
  bool predicts = false;  // the outputs are wanted; otherwise the loss, which may take the last layer's sums
  bool training = false;  // gradients follow, and batches are normalised by their own moments
  bool stochastic = false;  // dropout and noise act
  RandomKey key{};          // the batch's
};

// The samples of a pass.
struct TileSamples {
  size_t m = 0;
  size_t ld = 0;
  size_t first = 0;     // the number of the tile's first sample in its batch
  size_t capacity = 0;  // the largest ld
  Pass pass;

  bool Single() const { return ld == 1; }
};

// A place for values: one a unit and sample.
template <typename T>
struct Slot {
  size_t units = 0;
  T* values = nullptr;           // (units, ld)
  const T* by_sample = nullptr;  // (m, units) in their place: the input as it comes
  T* gradients = nullptr;        // (units, ld): the loss's, by the values
  // Whether a later stage reads the slot, too. Its gradient is then a sum: the stages that read it are gone
  // through from the last to the first, the last one writes, and the others add.
  bool forks = false;
};

template <typename T>
class Stage {
 public:
  Stage(const Slot<T>* in, Slot<T>* out) : in_(in), out_(out) {}
  Stage(const Stage&) = delete;
  virtual ~Stage() = default;

  // Before a pass: reserves all that the pass writes, and says where `out` stands. Not where it is written,
  // since several threads are at work there.
  virtual void Prepare(const TileSamples& at) = 0;

  // Units from .. to of `out`, from the same units of `in`, or from all of `in` if the stage needs all units.
  virtual void Forward(const TileSamples& at, size_t from, size_t to) = 0;

  // Turns the gradient by `out` into the gradient by units from .. to of `in`. Writes the gradients of the
  // stage's parameters, or adds them (`accumulate`), in an array that is laid out as the parameters.
  virtual void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) = 0;

  // Moves running moments towards those of the samples.
  virtual void UpdateStatistics(const TileSamples&, T*) const {}

  // Whether Forward does nothing in the pass that the stage is prepared for.
  virtual bool Idle(const TileSamples&) const { return false; }

  // Whether a unit of `out` depends on all units of `in`. Such a stage begins a new loop over units.
  virtual bool NeedsAllUnits() const { return false; }

 protected:
  const Slot<T>* const in_;
  Slot<T>* const out_;
};

}  // namespace blasnet
