// An update turns a batch's gradient into new parameters: it sums the arrays of the gradient, adds penalties,
// clips, calls the optimiser's step, and limits the weights' norms. The plan calls it on the operation
// thread. Pool threads share the work by pieces: ranges of parameters with equal penalties and factors, at
// most kPiece long. Parameters with equal factors form a group. A thread takes its pieces block by block, so
// that a block stays in its cache from the sum to the step. Neither depends on the number of threads, so that
// it changes no bit.
#pragma once

#include <vector>

#include "engine/function_ref.h"
#include "engine/lanes.h"
#include "engine/layers.h"

namespace blasnet {

// Bounds for the gradients, after the penalties; 0: none. A larger norm is scaled to exactly its bound.
// (PyTorch's clip_grad_norm_ divides by norm + 1e-6 instead.)
struct Clipping {
  double value = 0;  // for each element
  double norm = 0;   // for the Euclidean norm of all elements together
};

template <typename T>
class Update {
 public:
  // Both arguments must outlive the update.
  Update(const Network& network, T* parameters);

  // The penalty of the present weights, without frozen ones: see AddPenalty.
  double Penalty() const;

  // Takes the step of parameters from .. from + size, which belong to one group, with their gradients (size).
  using StepBlock = FunctionRef<size_t /* from */, size_t /* size */, size_t /* group */, const T*>;

  // Sums the gradient, which is not empty, then adds penalties and clips. Calls `step` for every block, on
  // several threads; no block has frozen parameters. Overwrites the gradient's first array. Returns the
  // penalty of the weights before the step.
  double Run(const NodeGradient<T>& gradient, size_t threads, const Clipping& clipping,
             const StepBlock& step);

  // Writes the sum of the gradient, which is not empty, to `out`, or adds it. Leaves frozen parameters out.
  void Sum(const NodeGradient<T>& gradient, size_t threads, bool accumulate, T* out) const;

  // The factors of each group of parameters.
  const std::vector<ParameterFactors>& Groups() const { return groups_; }

  // Sets the frozen parameters' elements to 0. `values` is laid out like the parameters.
  void ClearFrozen(T* values) const;

  // After a step: scales down each unit's weights whose norm exceeds the layer's limit.
  void LimitNorms(size_t threads);

 private:
  // A range of parameters with equal penalties and factors.
  struct Piece {
    size_t from;
    size_t size;
    T l1;
    T l2;
    size_t group;
  };

  void AddPieces(const ParameterRange& joined);
  size_t GroupOf(const ParameterFactors& factors);
  // Runs on up to `threads` threads if the work is large enough.
  template <class F>
  void ForEachPiece(size_t gradients, size_t threads, const F& body) const;

  const Network& network_;
  T* const parameters_;
  size_t trainable_count_ = 0;
  std::vector<Piece> pieces_;
  std::vector<ParameterFactors> groups_;
  std::vector<double> penalties_;  // one per piece
  std::vector<double> squares_;
};

}  // namespace blasnet
