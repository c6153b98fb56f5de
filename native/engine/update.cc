#include "engine/update.h"

#include <algorithm>
#include <cmath>

#include "engine/pool.h"
#include "engine/timeline.h"
#include "kernels/optimizers.h"
#include "kernels/regularizers.h"
#include "kernels/vectors.h"

namespace blasnet {
namespace {

constexpr size_t kPiece = 4096;       // parameters in a piece
constexpr size_t kBlockBytes = 4096;  // of the parameters in a block
// Reading or writing an element of a gradient, of the parameters or of the state takes about as long as this
// many operations of a matrix product: some come from the caches of other processors.
constexpr size_t kElementWork = 10;
constexpr size_t kNormRows = 64;  // units whose norms one thread limits at once

// Calls body(start, size) for the blocks of from .. from + size.
template <typename T, class F>
void ForEachBlock(size_t from, size_t size, const F& body) {
  constexpr size_t kBlock = kBlockBytes / sizeof(T);
  for (size_t at = 0; at < size; at += kBlock) body(from + at, std::min(kBlock, size - at));
}

}  // namespace

template <typename T>
Update<T>::Update(const Network& network, T* parameters) : network_(network), parameters_(parameters) {
  // Joins neighbours with equal rules, which gives the fewest pieces.
  ParameterRange joined{0, 0, true};
  for (const ParameterRange& range : network.ranges) {
    if (!range.trainable) continue;
    if (range.from != joined.from + joined.size || range.l1 != joined.l1 || range.l2 != joined.l2 ||
        !(range.factors == joined.factors)) {
      AddPieces(joined);
      joined = range;
    } else {
      joined.size += range.size;
    }
  }
  AddPieces(joined);
  penalties_.resize(pieces_.size());
  squares_.resize(pieces_.size());
}

template <typename T>
void Update<T>::AddPieces(const ParameterRange& joined) {
  if (joined.size == 0) return;
  trainable_count_ += joined.size;
  const T l1 = static_cast<T>(joined.l1), l2 = static_cast<T>(joined.l2);
  const size_t group = GroupOf(joined.factors), to = joined.from + joined.size;
  for (size_t from = joined.from; from < to; from += kPiece) {
    pieces_.push_back({from, std::min(kPiece, to - from), l1, l2, group});
  }
}

template <typename T>
size_t Update<T>::GroupOf(const ParameterFactors& factors) {
  const auto found = std::find(groups_.begin(), groups_.end(), factors);
  const size_t group = static_cast<size_t>(found - groups_.begin());
  if (found == groups_.end()) groups_.push_back(factors);
  return group;
}

template <typename T>
double Update<T>::Penalty() const {
  double penalty = 0;
  for (const ParameterRange& range : network_.ranges) {
    if (!range.trainable || (range.l1 == 0 && range.l2 == 0)) continue;
    penalty += AddPenalty(range.size, parameters_ + range.from, static_cast<T>(range.l1),
                          static_cast<T>(range.l2), static_cast<T*>(nullptr));
  }
  return penalty;
}

template <typename T>
template <class F>
void Update<T>::ForEachPiece(size_t gradients, size_t threads, const F& body) const {
  const size_t most = trainable_count_ * (gradients + 2) * kElementWork < kParallelWork ? 1 : threads;
  ParallelFor(most, pieces_.size(), [&](size_t i, size_t) {
    const Span span("update");
    body(i);
  });
}

template <typename T>
double Update<T>::Run(const NodeGradient<T>& gradient, size_t threads, const Clipping& clipping,
                      const StepBlock& step) {
  ForEachPiece(gradient.count, threads, [&](size_t i) {
    const Piece& piece = pieces_[i];
    const T l1 = piece.l1, l2 = piece.l2;
    const bool penalises = l1 > 0 || l2 > 0;
    double penalty = 0, squares = 0;
    ForEachBlock<T>(piece.from, piece.size, [&](size_t from, size_t size) {
      T* gradients = gradient.arrays[0] + from;
      if (gradient.count > 1) SumArrays(gradient.arrays, gradient.count, from, size, gradients);
      if (penalises) penalty += AddPenalty(size, parameters_ + from, l1, l2, gradients);
      if (clipping.value > 0) ClipByValue(size, static_cast<T>(clipping.value), gradients);
      if (clipping.norm > 0) {
        squares += Dot(gradients, gradients, size);
      } else {
        step(from, size, piece.group, gradients);
      }
    });
    penalties_[i] = penalty;
    squares_[i] = squares;
  });
  if (clipping.norm > 0) {
    double squares = 0;
    for (const double part : squares_) squares += part;
    const double norm = std::sqrt(squares);
    const bool clip = norm > clipping.norm;
    const T factor = static_cast<T>(clip ? clipping.norm / norm : 1);
    ForEachPiece(1, threads, [&](size_t i) {
      const Piece& piece = pieces_[i];
      ForEachBlock<T>(piece.from, piece.size, [&](size_t from, size_t size) {
        T* gradients = gradient.arrays[0] + from;
        if (clip) Scale(gradients, factor, size, gradients);
        step(from, size, piece.group, gradients);
      });
    });
  }
  double penalty = 0;
  for (const double part : penalties_) penalty += part;
  return penalty;
}

template <typename T>
void Update<T>::Sum(const NodeGradient<T>& gradient, size_t threads, bool accumulate, T* out) const {
  ForEachPiece(gradient.count, threads, [&](size_t i) {
    ForEachBlock<T>(pieces_[i].from, pieces_[i].size, [&](size_t from, size_t size) {
      T* sums = accumulate ? gradient.arrays[0] + from : out + from;
      SumArrays(gradient.arrays, gradient.count, from, size, sums);
      if (accumulate) AddTo(out + from, sums, size);
    });
  });
}

template <typename T>
void Update<T>::ClearFrozen(T* values) const {
  for (const ParameterRange& range : network_.ranges) {
    if (!range.trainable) std::fill_n(values + range.from, range.size, T{0});
  }
}

template <typename T>
void Update<T>::LimitNorms(size_t threads) {
  for (const ParameterRange& range : network_.ranges) {
    if (range.max_norm == 0 || !range.trainable) continue;
    const size_t row = range.row_length, rows = range.size / row;
    const size_t most = range.size * 2 * kElementWork < kParallelWork ? 1 : threads;
    ParallelFor(most, (rows + kNormRows - 1) / kNormRows, [&](size_t i, size_t) {
      const size_t from = i * kNormRows;
      LimitRowNorms(std::min(kNormRows, rows - from), row, static_cast<T>(range.max_norm),
                    parameters_ + range.from + from * row);
    });
  }
}

template class Update<double>;
template class Update<float>;

}  // namespace blasnet
