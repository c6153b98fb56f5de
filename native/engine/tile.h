// A tile takes some samples of a batch through all stages and back, in its own workspace. The tile runner
// owns the tiles (the plan owns one more, for single samples). At any time, one thread uses a tile, with one
// exception: in a sweep, several threads call Forward, BackwardTail, BackwardHead and WeightGradients at
// once, for different units.
//
// A tile groups the network's stages into segments. The first stage of a segment needs all units of its
// input; the other stages work unit by unit. So a segment can take some of its units through all its stages
// at a time, and threads can share its units.
//
// If the network has members, the stages of segment 0 work on samples, and all others on rows: each member
// has a row for each sample. A loss that is trained is the mean over the members, and answers are their
// consensus.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/consensus.h"
#include "engine/layers.h"
#include "engine/stages/affine.h"
#include "engine/stages/input.h"
#include "engine/stages/normalize.h"
#include "engine/stages/stage.h"
#include "engine/workspace.h"
#include "kernels/losses.h"

namespace blasnet {

template <typename T>
struct Segment {
  AffineStage<T>* affine = nullptr;  // the first stage, if affine: only then may threads share the units
  std::vector<Stage<T>*> stages;     // all stages, in order
  size_t units = 0;                  // units of the segment's output
  // The second stage, if training normalises by the batch's moments there: see in_step.h.
  BatchNormStage<T>* norm = nullptr;
};

template <typename T>
class Tile {
 public:
  // `network`, `parameters` and `statistics` (the running moments) must outlive the tile. If `most_samples`
  // is 1, the tile can only predict. `to_inputs`: for gradients by the inputs, in place of training.
  Tile(const Network& network, Loss loss, const T* parameters, const T* statistics, size_t most_samples,
       bool to_inputs = false);

  // Loads samples row .. row + m of the source, which must stay alive, and runs the input stage. The first of
  // them is sample number `first` of its batch.
  void Load(const Source<T>& source, size_t row, size_t m, const Pass& pass, size_t first);

  // Segment 0 holds the input; Load has run it already, so a forward pass begins at segment 1.
  const std::vector<Segment<T>>& Segments() const { return segments_; }

  // Runs a segment's stages for units from .. to.
  void Forward(const Segment<T>& segment, size_t from, size_t to);

  // For the stages of later segments: the rows of the loaded samples.
  const TileSamples& Rows() const { return rows_; }

  // Computes the samples' loss and hits: those of the answers. In a training pass, the loss is the mean of
  // the members' own; also writes `scale` times its gradient to the last slot.
  void ComputeLoss(const LossSpec& loss, T scale, Totals* totals);

  // Runs a segment's stages backward, all except the first, for units from .. to.
  void BackwardTail(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients);
  // Runs the first stage backward, for units from .. to of its input.
  void BackwardHead(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients);
  // Computes columns from .. to of the gradients of an affine stage's weights; with the first, also those of
  // its bias.
  void WeightGradients(const Segment<T>& segment, size_t from, size_t to, bool accumulate,
                       T* gradients) const;

  // For a tile made with `to_inputs`, after a pass by inputs: writes 1 as the gradient of one output of every
  // sample's answer, and 0 as that of the others.
  void PickOutput(size_t output);
  // Runs all stages backward. The gradients of the parameters (parameter_count) are of no use.
  void BackwardToInputs(T* parameter_gradients);
  // Writes the gradients by the numbers of X, one sample per row: (m, numbers).
  void StoreInputGradients(T* out) const;

  // Writes the answers, one sample per row: (m, out).
  void Store(T* out);

  // Predicts the source's first sample; for a tile of one sample.
  void PredictOne(const Source<T>& source, T* out);

  // The memory that the tile has reserved.
  size_t Bytes() const;

  // The first layer (from 0) whose activations are not all finite; the last layer if all are.
  size_t FirstBadLayer() const;

 private:
  // Creates the stages and the slots between them.
  void Build(const T* parameters, const T* statistics);
  void AddSegment(AffineStage<T>* affine, Stage<T>* first, size_t units);
  template <class S, class... Arguments>
  S* Make(Arguments&&... arguments);
  Slot<T>* NewSlot(size_t units);
  // The columns that a segment works on.
  const TileSamples& At(const Segment<T>& segment) const {
    return &segment == segments_.data() ? samples_ : rows_;
  }
  bool HasMembers() const { return network_.members > 0; }
  // The distance between rows of this many samples, each with a row for every member.
  size_t MemberRowLength(size_t samples) const;
  void Prepare(const Pass& pass, size_t m, size_t first);
  void PrepareGradients();
  void PrepareOne();
  void LoadLabels(const Source<T>& source, size_t row);
  // The outputs of a pass that predicts, in the first columns of (out, ld).
  const T* Answers();

  const Network& network_;
  const Loss loss_;
  const bool to_inputs_;
  TileSamples samples_;  // the samples
  TileSamples rows_;     // their rows, one for each member; without members, the samples
  Consensus<T> consensus_;
  std::vector<std::unique_ptr<Stage<T>>> stages_;
  std::vector<std::unique_ptr<Slot<T>>> slots_;
  std::vector<Segment<T>> segments_;
  InputStage<T>* input_ = nullptr;
  std::vector<const Slot<T>*> activations_;  // one per layer
  // For a tile of one sample: a stage that is not idle, or affine stages that follow each other. These are
  // one call of a kernel: for small layers, a call takes as long as their products.
  struct Busy {
    Stage<T>* stage;
    size_t units;
    const TileSamples* at;
    const Slot<T>* input;               // of the layers
    std::vector<RowLayer<T>> layers{};  // of the affine stages
  };
  std::vector<Busy> busy_;
  // Arrays for the slots' gradients. All slots between two affine stages share one array, since their stages
  // work in place. Two arrays are enough, because layers alternate between them. If a layer's input forks, it
  // needs its own array.
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
