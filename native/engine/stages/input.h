#pragma once

#include <algorithm>
#include <vector>

#include "engine/layers.h"
#include "engine/stages/stage.h"
#include "kernels/read_once.h"

namespace blasnet {

// Where samples come from: X (rows, numbers), codes (rows, embeddings), and, unless null, Y and weights
// (rows). Y is (rows, out) of T, or (rows) of int32_t if the loss takes classes. `order` lists the samples to
// take, of `rows` in all; null: all in their own order.
template <typename T>
struct Source {
  const T* x;
  const int32_t* codes = nullptr;
  const void* y = nullptr;
  const T* weights = nullptr;
  const uint32_t* order = nullptr;
  size_t rows = 0;  // with an order

  // Another thread may change the order after its check: an index out of range counts as the last sample.
  size_t Sample(size_t row) const {
    return order == nullptr ? row : std::min<size_t>(ReadOnce(order + row), rows - 1);
  }
};

// The code of an unknown category.
inline constexpr int32_t kUnknownCode = -1;

// The inputs of the network: first the numbers of X, then the table rows that the codes select.
template <typename T>
class InputStage final : public Stage<T> {
 public:
  // `by_sample`: the output may stay in rows of samples. If there are no tables and no order, X is then read
  // in place.
  InputStage(Slot<T>* out, const Network& network, const T* parameters, bool by_sample)
      : Stage<T>(nullptr, out), network_(network), parameters_(parameters), by_sample_(by_sample) {}

  // Sets the next pass's samples: row and those after it. X and the codes must stay alive.
  void Load(const Source<T>& source, size_t row) {
    source_ = source;
    row_ = row;
  }

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  bool Idle(const TileSamples&) const override { return in_place_; }
  // Computes the tables' gradients. Each table row sums, in the samples' order, the gradients of the samples
  // that selected it.
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  ParameterSpan Parameters() const override {
    if (network_.embeddings.empty()) return {};
    const Embedding& last = network_.embeddings.back();
    return {network_.embeddings.front().table, last.table + last.Size() - network_.embeddings.front().table};
  }
  size_t Bytes() const override { return features_.Bytes(); }

 private:
  void ToRows(const TileSamples& at);
  void ToColumns(const TileSamples& at);
  // The row of table e that a sample selects, and its index.
  const T* PickedRow(size_t e, size_t sample) const;
  size_t Picked(size_t e, size_t sample) const;

  const Network& network_;
  const T* const parameters_;
  const bool by_sample_;
  Source<T> source_{};
  size_t row_ = 0;
  bool in_place_ = false;  // X is read in place in the prepared pass
  Workspace<T> features_;  // (m, in) if by_sample, otherwise (in, ld)
};

}  // namespace blasnet
