#pragma once

#include "engine/layers.h"
#include "engine/stages/stage.h"

namespace blasnet {

// The members of a network see every sample, each through factors of its own (TabM-mini: Gorishniy et al.,
// 2025). The output has a block of columns for each member, one after another: column `member * m + i` is
// sample i times the member's factors.
template <typename T>
class MembersStage final : public Stage<T> {
 public:
  // `samples`: the columns of `in`; those of `out` are what the other functions get. `gradient_wanted`: that
  // by `in` is needed.
  MembersStage(Slot<T>* in, Slot<T>* out, const Network& network, const T* parameters,
               const TileSamples& samples, bool gradient_wanted)
      : Stage<T>(in, out),
        network_(network),
        parameters_(parameters),
        samples_(samples),
        input_(in),
        gradient_wanted_(gradient_wanted) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool NeedsAllUnits() const override { return true; }
  ParameterSpan Parameters() const override {
    return {network_.member_factors, network_.members * network_.Features()};
  }
  size_t Bytes() const override { return columns_.Bytes(); }

 private:
  const Network& network_;
  const T* const parameters_;
  const TileSamples& samples_;
  Slot<T>* const input_;
  const bool gradient_wanted_;
  Workspace<T> columns_;  // (in, ld)
};

}  // namespace blasnet
