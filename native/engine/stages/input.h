#pragma once

#include <vector>

#include "engine/layers.h"
#include "engine/stages/stage.h"

namespace blasnet {

// Where samples come from: X (rows, numbers) and codes (rows, embeddings); and, unless they are null, Y and
// weights (rows). Y is (rows, out) of T, or (rows) of int32_t where the loss takes classes. `order` names the
// samples; null: as they come.
template <typename T>
struct Source {
  const T* x;
  const int32_t* codes = nullptr;
  const void* y = nullptr;
  const T* weights = nullptr;
  const uint32_t* order = nullptr;

  size_t Sample(size_t row) const { return order == nullptr ? row : order[row]; }
};

// A code that stands for an unknown category.
inline constexpr int32_t kUnknownCode = -1;

// The features of the first layer: numbers as they come, and behind them the rows of the tables that the
// codes pick.
template <typename T>
class InputStage final : public Stage<T> {
 public:
  // `by_sample`: whether features may be left in rows of samples. X is then read in place where it can be.
  InputStage(Slot<T>* out, const Network& network, const T* parameters, bool by_sample)
      : Stage<T>(nullptr, out), network_(network), parameters_(parameters), by_sample_(by_sample) {}

  // Samples row .. row + m of the source are the next ones. X and the codes must stay.
  void Load(const Source<T>& source, size_t row) {
    source_ = source;
    row_ = row;
  }

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  bool Idle(const TileSamples&) const override { return in_place_; }
  // The tables' gradients: those of the samples that picked a row, added up in the samples' order.
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;

 private:
  void ToRows(const TileSamples& at);
  void ToColumns(const TileSamples& at);
  // The row of table e that a sample picks.
  const T* PickedRow(size_t e, size_t sample) const;
  size_t Picked(size_t e, size_t sample) const;

  const Network& network_;
  const T* const parameters_;
  const bool by_sample_;
  Source<T> source_{};
  size_t row_ = 0;
  bool in_place_ = false;  // X is read where it stands, in this pass
  Workspace<T> features_;  // (m, in) by sample, otherwise (in, ld)
};

}  // namespace blasnet
