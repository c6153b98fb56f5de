// The answer of a network's members: the mean of their outputs. Probabilities are averaged as probabilities,
// also where they are given by their logarithms or by logits.
#pragma once

#include <cstddef>

#include "engine/layers.h"
#include "engine/workspace.h"
#include "kernels/losses.h"

namespace blasnet {

template <typename T>
class Consensus {
 public:
  // `network` must outlive it. The loss decides what its logits are.
  Consensus(const Network& network, Loss loss) : network_(network), loss_(loss) {}

  // The members' outputs A (out, ld), a block of m columns for each member -> the answer in the first m
  // columns of (out, ld). A lone member's values are the answer as they are.
  const T* OfOutputs(const T* a, size_t m, size_t ld);
  // The members' Z of a loss that is computed from logits -> logits of the mean probabilities, for this loss.
  const T* OfLogits(const T* z, size_t m, size_t ld);
  // The gradient by an output of the answer -> that by the members' outputs: da (out, ld). `a` and the answer
  // are those of OfOutputs.
  void Backward(const T* a, const T* answer, size_t output, size_t m, size_t ld, T* da) const;

  size_t Bytes() const { return answer_.Bytes() + logarithms_.Bytes() + opposite_.Bytes(); }

 private:
  size_t Members() const { return network_.members; }
  bool GivesLogarithms() const { return network_.layers.back().activation == Activation::kLogSoftmax; }
  void MeanOfLogarithms(const T* logarithms, size_t m, size_t ld, T* out) const;
  // log(sigmoid(sign * z)), for the columns of all members.
  const T* LogSigmoids(const T* z, double sign, size_t ld);

  const Network& network_;
  const Loss loss_;
  Workspace<T> answer_;      // (out, ld)
  Workspace<T> logarithms_;  // (out, ld): the members' logarithms of probabilities
  Workspace<T> opposite_;    // (out, ld): the answer's logarithms of 1 - probability
};

}  // namespace blasnet
