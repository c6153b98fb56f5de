// A tile: some samples on their way through all the layers and back, in a workspace of its own.
//
// Inside a tile features are rows and samples are columns, as in the article: vectors then run along the
// samples, and no layer's width leaves lanes empty. Letters: m samples, ld >= m the distance between rows,
// in and out units of a layer, layers numbered from 0 here.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/losses.h"
#include "kernels/types.h"

namespace blasnet {

struct LayerSpec {
  size_t inputs;
  size_t outputs;
  Activation activation;
};

// What leakyRelu and elu have when nothing else is said.
constexpr double DefaultAlpha(Activation activation) {
  return activation == Activation::kLeakyRelu ? 0.01 : 1;
}

// A layer and where its parameters start: W (out, in), then b (out).
struct Layer : LayerSpec {
  size_t weights;
  size_t bias;
};

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

template <typename T>
class Tile {
 public:
  // `layers` must outlive the tile.
  Tile(const std::vector<Layer>& layers, size_t most_samples);

  // Samples row .. row + m of X (rows, in) and, unless it is null, Y (rows, out): of those that `order`
  // names, or as they come. X is read in place where it can be, and must stay.
  void Load(const T* x, const T* y, const uint32_t* order, size_t row, size_t m);

  // Units from .. to of layer l, from the whole layer before: A = g(Z); the last layer's Z is left as it is,
  // unless `activate_last`. A softmax is left to FinishForward, for it looks across units.
  void Forward(size_t l, const T* parameters, size_t from, size_t to, bool activate_last);
  void FinishForward(size_t l, bool activate_last);

  // The samples' loss and hits; with `gradient`, leaves scale * the loss's gradient by Z of the last layer.
  void Lose(Loss loss, T scale, bool gradient, Totals* totals);

  // Rows from .. to of dW and db of layer l, written or added to `gradients` (laid out as the parameters).
  void Gradients(size_t l, size_t from, size_t to, bool accumulate, T* gradients);

  // Units from .. to of layer l's input: dZ of the layer before. Softmax is left to FinishBackward, which
  // must be called after all units of a layer.
  void InputGradient(size_t l, const T* parameters, size_t from, size_t to);
  void FinishBackward(size_t l);

  // The outputs, transposed: (m, out), one sample a row.
  void Store(T* out) const;

  // The first layer (from 0) with values that are not finite, or the last.
  size_t FirstBadLayer() const;

 private:
  size_t Inputs() const { return layers_.front().inputs; }
  size_t Outputs() const { return layers_.back().outputs; }
  // A = g(Z) of units from .. to of layer l, in place.
  void Activate(size_t l, size_t from, size_t to);
  // Whether layer l reads X in rows of samples, as it comes, instead of in rows of features.
  bool ReadsRows(size_t l) const;
  const T* InputOf(size_t l) const { return l == 0 ? input_.data() : activations_[l - 1].data(); }
  T* Delta(size_t l) { return deltas_[l % 2].data(); }

  const std::vector<Layer>& layers_;
  size_t m_ = 0;
  size_t ld_;
  size_t widest_ = 0;                      // the most outputs of a layer
  const T* rows_ = nullptr;                // X (m, in), when the first layer reads rows
  Workspace<T> gathered_;                  // the rows of X that an order named
  Workspace<T> input_;                     // X (in, ld) otherwise
  Workspace<T> labels_;                    // Y (out, ld)
  std::vector<Workspace<T>> activations_;  // A of each layer (out, ld)
  std::vector<Workspace<T>> inputs_;       // Z of each layer whose activation needs it (out, ld)
  Workspace<T> deltas_[2];                 // dZ of layer l, in turns (widest, ld)
};

}  // namespace blasnet
