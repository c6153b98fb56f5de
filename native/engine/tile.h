// A tile: some samples on their way through all stages and back, in a workspace of its own.
//
// A network's stages stand in segments. The first stage of a segment needs all units of its input; the others
// work unit by unit, so that a segment can go through its stages for some units at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/layers.h"
#include "engine/stages/affine.h"
#include "engine/stages/input.h"
#include "engine/stages/stage.h"
#include "engine/workspace.h"
#include "kernels/losses.h"

namespace blasnet {

template <typename T>
struct Segment {
  AffineStage<T>* affine =
      nullptr;                    // the first stage, where it is one: only then units may be cut into blocks
  std::vector<Stage<T>*> stages;  // all of them, in their order
  size_t units = 0;               // of what they make
};

template <typename T>
class Tile {
 public:
  // `network`, `parameters` and `statistics` (the running moments) must outlive the tile. A tile for one
  // sample alone is for predictions.
  Tile(const Network& network, Loss loss, const T* parameters, const T* statistics, size_t most_samples);

  // Takes samples row .. row + m of a source for a pass; the first is the batch's sample number `first`. The
  // source must stay.
  void Load(const Source<T>& source, size_t row, size_t m, const Pass& pass, size_t first);

  // The input is loaded already: segments after the first.
  const std::vector<Segment<T>>& Segments() const { return segments_; }

  // A segment's stages for units from .. to.
  void Forward(const Segment<T>& segment, size_t from, size_t to);

  // The samples' loss and hits. In a training pass it leaves scale * the loss's gradient by the outputs.
  void ComputeLoss(const LossSpec& loss, T scale, Totals* totals);

  // The way back through a segment's stages but the first, for units from .. to.
  void BackwardTail(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients);
  // And through its first stage, for units from .. to of that one's input.
  void BackwardHead(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients);
  // Rows from .. to of an affine stage's weights' gradients.
  void WeightGradients(const Segment<T>& segment, size_t from, size_t to, bool accumulate,
                       T* gradients) const;

  // Moves the running moments towards those of the samples, after a training pass.
  void UpdateStatistics(T* statistics) const;

  // The outputs, transposed: (m, out), one sample a row.
  void Store(T* out) const;

  // For a tile of one sample.
  void PredictOne(const Source<T>& source, T* out);

  // The first layer (from 0) with values that are not finite, or the last.
  size_t FirstBadLayer() const;

 private:
  // Makes the stages and the slots between them.
  void Build(const T* parameters, const T* statistics);
  void AddSegment(AffineStage<T>* affine, Stage<T>* first, size_t units);
  template <class S, class... Arguments>
  S* Make(Arguments&&... arguments);
  Slot<T>* NewSlot(size_t units);
  void Prepare(const Pass& pass, size_t m, size_t first);
  void PrepareGradients();
  void LoadLabels(const Source<T>& source, size_t row);

  const Network& network_;
  const Loss loss_;
  TileSamples at_;
  std::vector<std::unique_ptr<Stage<T>>> stages_;
  std::vector<std::unique_ptr<Slot<T>>> slots_;
  std::vector<Segment<T>> segments_;
  InputStage<T>* input_ = nullptr;
  std::vector<const Slot<T>*> activations_;  // one a layer
  // Of a tile of one sample: the stages that have something to do, with their units.
  struct Busy {
    Stage<T>* stage;
    size_t units;
  };
  std::vector<Busy> busy_;
  // The loss's gradients by the slots: those of a layer's stages stand in one array, and layers take turns at
  // two. A slot that forks has its own.
  struct GradientArray {
    size_t units = 0;
    std::vector<Slot<T>*> slots;
    Workspace<T> values;
  };
  std::vector<GradientArray> gradient_arrays_;
  Workspace<T> labels_;   // Y (out, ld), or (ld) of classes
  Workspace<T> weights_;  // (ld)
  bool weighted_ = false;
};

}  // namespace blasnet
