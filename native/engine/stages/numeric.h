#pragma once

#include "engine/layers.h"
#include "engine/stages/stage.h"

namespace blasnet {

// Periodic embeddings of the first columns of X: each of these columns becomes some features, by parameters
// of its own. The other numbers, and the rows of tables, stay as they are, behind these features.
template <typename T>
class NumericStage final : public Stage<T> {
 public:
  // `number_wanted`: the gradient by the embedded columns themselves is needed.
  NumericStage(Slot<T>* in, Slot<T>* out, const Network& network, const T* parameters, bool number_wanted)
      : Stage<T>(in, out),
        numeric_(network.numeric),
        parameters_(parameters),
        input_(in),
        number_wanted_(number_wanted) {}

  void Prepare(const TileSamples& at) override;
  // Both compute all units.
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool NeedsAllUnits() const override { return true; }
  ParameterSpan Parameters() const override { return {numeric_.frequency, numeric_.Size()}; }
  size_t Bytes() const override {
    return waves_.Bytes() + sines_.Bytes() + features_.Bytes() + d_waves_.Bytes() + d_angles_.Bytes();
  }

 private:
  // Where a column's arrays are.
  T* Cosines(size_t column, size_t ld) const;
  T* Sines(size_t column, size_t ld) const;
  // The gradients of a column's parameters, from samples `sample` .. sample + m.
  void PartGradients(const TileSamples& at, size_t column, size_t sample, size_t m, bool accumulate,
                     T* gradients);

  void NumberGradients(const TileSamples& at, size_t column, size_t sample, size_t m) const;

  const NumericEmbedding& numeric_;
  const T* const parameters_;
  Slot<T>* const input_;
  const bool number_wanted_;
  Workspace<T> waves_;     // (columns, waves, ld): cosines, then for PLR the sines
  Workspace<T> sines_;     // (columns, frequencies, ld), for PBLD in training
  Workspace<T> features_;  // (out, ld)
  Workspace<T> d_waves_;   // (waves, ld)
  Workspace<T> d_angles_;  // (frequencies, ld)
};

}  // namespace blasnet
