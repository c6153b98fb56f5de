// A tile: some samples on their way through all the layers and back, in a workspace of its own.
//
// Inside a tile features are rows and samples are columns, as in the article: vectors then run along the
// samples, and no layer's width leaves lanes empty. Letters: m samples, ld >= m the distance between rows,
// in and out units of a layer, layers numbered from 0 here.
//
// A layer makes Z = W input + b, normalises it if it should, makes A = g(Z) and drops some of A: what is
// left is its output. Noise is added to the next layer's input.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/layers.h"
#include "kernels/losses.h"
#include "kernels/random.h"
#include "kernels/types.h"

namespace blasnet {

// An array whose rows start at a cache line.
template <typename T>
class Workspace {
 public:
  // At least so many elements, zero when new.
  T* Reserve(size_t size);
  T* data() const { return data_; }

 private:
  std::vector<T> storage_;
  T* data_ = nullptr;
};

// Where samples come from: X (rows, in) and, unless they are null, Y and weights (rows). Y is (rows, out) of
// T, or (rows) of int32_t where the loss takes classes. `order` names the samples; null: as they come.
template <typename T>
struct Source {
  const T* x;
  const void* y = nullptr;
  const T* weights = nullptr;
  const uint32_t* order = nullptr;
};

// What a pass through the layers is for.
struct Pass {
  bool activate_last = false;  // otherwise the last layer's Z is left as it is, for the loss
  bool learning = false;       // batches are normalised by their own moments
  bool random = false;         // dropout and noise act
  RandomKey key{};             // the batch's
};

template <typename T>
class Tile {
 public:
  // `layers`, `parameters` and `statistics` (the running moments) must outlive the tile.
  Tile(const std::vector<Layer>& layers, Loss loss, const T* parameters, const T* statistics,
       size_t most_samples);

  // Takes samples row .. row + m of a source for a pass; the first is the batch's sample number `first`. X is
  // read in place where it can be, and must stay.
  void Load(const Source<T>& source, size_t row, size_t m, const Pass& pass, size_t first);

  // Units from .. to of layer l, from the whole layer before. What looks across units is left to
  // FinishForward, which must be called after all units of a layer.
  void Forward(size_t l, size_t from, size_t to);
  void FinishForward(size_t l);

  // The samples' loss and hits; with `gradient`, leaves scale * the loss's gradient by Z of the last layer.
  void ComputeLoss(const LossSpec& loss, T scale, bool gradient, Totals* totals);

  // Rows from .. to of dW and db of layer l, written or added to `gradients` (laid out as the parameters).
  void Gradients(size_t l, size_t from, size_t to, bool accumulate, T* gradients);

  // Units from .. to of layer l's input: dZ of the layer before, and the gradients of that layer's gamma and
  // beta. What looks across units is left to FinishBackward, as above.
  void InputGradient(size_t l, size_t from, size_t to, bool accumulate, T* gradients);
  void FinishBackward(size_t l, bool accumulate, T* gradients);

  // Moves the running moments towards those of the samples, after a learning pass.
  void UpdateStatistics(T* statistics) const;

  // The outputs, transposed: (m, out), one sample a row.
  void Store(T* out) const;

  // The first layer (from 0) with values that are not finite, or the last.
  size_t FirstBadLayer() const;

 private:
  // What a layer leaves behind. Of those not needed, none is reserved.
  struct Values {
    Workspace<T> input;        // with noise (in, ld)
    Workspace<T> normalized;   // before gamma and beta (out, ld); W input + b until then
    Workspace<T> mean;         // of the samples (out)
    Workspace<T> variance;     // likewise
    Workspace<T> inverse;      // 1 / standard deviation: (out), layer normalisation (ld)
    Workspace<T> sums;         // Z (out, ld), where A does not tell the derivative
    Workspace<T> activations;  // A (out, ld)
    Workspace<T> mask;         // of the dropout (out, ld)
    Workspace<T> output;       // A with the mask (out, ld)
  };

  size_t Inputs() const { return layers_.front().inputs; }
  size_t Outputs() const { return layers_.back().outputs; }
  bool IsLast(size_t l) const { return l + 1 == layers_.size(); }
  // Whether layer l reads X in rows of samples, as it comes, instead of in rows of features.
  bool ReadsRows(size_t l) const;
  bool Drops(size_t l) const { return pass_.random && layers_[l].dropout > 0; }
  bool Noisy(size_t l) const { return pass_.random && layers_[l].noise > 0; }
  bool Activates(size_t l) const { return !IsLast(l) || pass_.activate_last; }
  // Whether FinishForward and FinishBackward have to do with layer l.
  bool NeedsAllUnits(size_t l) const;
  // Whether InputGradient applies the activation's derivative of layer l as it goes.
  bool DerivesInProduct(size_t l) const;

  const T* OutputOf(size_t l) const { return (Drops(l) ? values_[l].output : values_[l].activations).data(); }
  const T* InputOf(size_t l) const;
  T* Delta(size_t l) { return deltas_[l % 2].data(); }
  // Where layer l's Z stands once it is complete.
  T* SumsOf(size_t l);
  T AlphaOf(size_t l) const { return static_cast<T>(layers_[l].alpha); }

  void Reserve();
  void LoadLabels(const Source<T>& source, size_t row);
  void NormalizeUnits(size_t l, size_t from, size_t to);
  void Activate(size_t l, size_t from, size_t to, bool activated);
  // The way back through Activate, in place in Delta(l).
  void Deactivate(size_t l, size_t from, size_t to, bool derived, bool accumulate, T* gradients);

  const std::vector<Layer>& layers_;
  const Loss loss_;
  const T* const parameters_;
  const T* const statistics_;
  const size_t capacity_;  // the largest ld
  size_t m_ = 0;
  size_t ld_ = 0;  // of the samples at hand: what lies beyond them costs nothing
  size_t first_ = 0;
  Pass pass_;
  size_t widest_ = 0;        // the most outputs of a layer
  const T* rows_ = nullptr;  // X (m, in), when the first layer reads rows
  Workspace<T> gathered_;    // the rows of X that an order named
  Workspace<T> input_;       // X (in, ld) otherwise
  Workspace<T> labels_;      // Y (out, ld), or (ld) of classes
  Workspace<T> weights_;     // (ld)
  bool weighted_ = false;
  std::vector<Values> values_;  // one a layer
  Workspace<T> deltas_[2];      // dZ of layer l, in turns (widest, ld)
};

}  // namespace blasnet
