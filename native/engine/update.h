// What happens between the gradients of a batch and the next batch: the partial gradients are summed,
// penalties added, gradients clipped, the optimiser steps, and weights are limited. Parameters are cut into
// pieces by the layers' sizes alone, so that the number of threads changes no bit.
#pragma once

#include <functional>
#include <vector>

#include "engine/layers.h"

namespace blasnet {

// Bounds of the gradients, after the penalties; 0: none. A norm beyond its bound meets it exactly: PyTorch's
// clip_grad_norm_ divides by 1e-6 more than the norm.
struct Clipping {
  double value = 0;  // of each element
  double norm = 0;   // Euclidean, of all together
};

template <typename T>
class Update {
 public:
  // Both must outlive this.
  Update(const Network& network, T* parameters);

  // Of the weights as they are, but for frozen ones: see AddPenalty.
  double Penalty() const;

  // Sums the first `count` partial gradients into the first one, and makes of it the gradient to step along.
  // Calls step(from, size) for every piece of the parameters, on several threads; frozen parameters are in
  // none. Returns the penalty of the weights before the step.
  double Run(std::vector<std::vector<T>>& partial_gradients, size_t count, size_t threads,
             const Clipping& clipping, const std::function<void(size_t from, size_t size)>& step);

  // Zeros for the frozen parameters, of values that are laid out as the parameters are.
  void ClearFrozen(T* values) const;

  // After a step: weights of a unit that have grown beyond their layer's limit.
  void LimitNorms(size_t threads);

 private:
  // Some parameters that the same penalties are for.
  struct Piece {
    size_t from;
    size_t size;
    T l1;
    T l2;
  };

  void AddPieces(size_t from, size_t to, double l1, double l2);
  // On up to `threads` threads, if they are worth it: an element of a gradient, of the parameters or of the
  // state takes the time of some four operations in a product.
  void ForEachPiece(size_t gradients, size_t threads, const std::function<void(size_t)>& body) const;

  const Network& network_;
  T* const parameters_;
  size_t trainable_count_ = 0;
  std::vector<Piece> pieces_;
  std::vector<double> penalties_;  // one a piece
  std::vector<double> squares_;
};

}  // namespace blasnet
