// A plan runs one network: it predicts, evaluates, computes gradients and trains. The caller owns the
// parameters, one flat buffer; the plan owns the workspace. binding/plan.cc creates plans and calls their
// operations, one at a time per plan: on the JavaScript thread, or on a job thread if the call is
// asynchronous.
//
// The words of the engine:
//   operation         one call of Predict, Evaluate, Gradients, InputGradients or Train
//   operation thread  the thread that makes this call; pool threads help it with loops (pool.h)
//   job thread        a thread of the addon that runs asynchronous operations (job_threads.h)
//   stage             one step of the computation; a layer is a list of stages (stages/stage.h)
//   slot              the values between two stages, and their gradients (stages/stage.h)
//   segment           stages that can run together on a range of units (tile.h)
//   tile              some samples of a batch, in their own workspace (tile.h)
//   lane              some tiles of a batch; the batch's gradient is a tree of sums over its lanes (lanes.h)
//   member            one of several networks that share the layers (stages/members.h)
//   answer            the mean of the members' outputs (consensus.h)
//   sweep             the schedule for large networks: one layer after another (tile_runner.h)
//   piece             a range of parameters that one thread updates at once (update.h)
//
// How work is split depends on sizes alone, and sums run in a fixed order. Therefore the number of threads
// changes no bit of a result. The workspace holds the tiles, so it does not grow with the batch, with one
// exception: training with batch normalisation takes all tiles of a batch through the network in step
// (in_step.h).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/control.h"
#include "engine/layers.h"
#include "engine/optimizer.h"
#include "engine/outcome.h"
#include "engine/ranks.h"
#include "engine/samples.h"
#include "engine/update.h"
#include "kernels/losses.h"
#include "kernels/random.h"

namespace blasnet {

// A number for each step of a request. Further steps use the last one.
struct PerStep {
  const double* numbers;  // (count)
  size_t count;

  double operator[](size_t step) const { return numbers[std::min(step, count - 1)]; }
};

struct TrainRequest {
  Samples samples;
  const uint32_t* order;  // (epochs * rows) indices of samples; null: samples in their own order
  size_t epochs;
  size_t from;  // each epoch uses positions from .. to of its order
  size_t to;
  size_t batch_size;
  size_t accumulate;  // batches per step
  OptimizerOptions optimizer;
  void* state;   // (StateSize) what the optimiser keeps between steps
  size_t steps;  // steps taken before this request
  PerStep learning_rates;
  PerStep decay_factors;    // of the optimiser's weight decay
  PerStep dropout_factors;  // of the layers' shares of dropout
  Clipping clipping;
  RandomKey key;   // for dropout and noise
  size_t batches;  // batches used before this request
  bool check;      // first look for NaN, infinities, and codes and labels out of range
  Totals before;   // the sums of the first epoch's earlier steps, if other requests took them
  // The processes that share each batch; null: this one is alone. If `own_rows`, each has samples of its own:
  // a batch takes so many of each rank's as its lanes have rows, in the order of the ranks. `from` and `to`
  // are positions among the samples of all ranks, and `from` is the start of a batch.
  Ranks* ranks;
  bool own_rows;
  double* loss;       // (epochs) written: the mean loss of the steps, each batch's from before its step
  double* hit_share;  // (epochs) written: the share of samples predicted right
};

// Void pointers point to elements of type T, the template argument of MakePlan. (Y may be int32_t: see
// samples.h.)
class Plan {
 public:
  virtual ~Plan() = default;

  // X (rows, numbers), codes (rows, embeddings) -> out (rows, out).
  virtual Outcome Predict(const void* x, const int32_t* codes, size_t rows, void* out) = 0;
  // Here and in Gradients, a sample of weight 0 is not there: not in the mean, nor in a batch's moments.
  virtual Outcome Evaluate(Samples samples, Totals* totals) = 0;
  // Writes the gradients of the mean loss, in the layout of the parameters. Batch normalisation works as in
  // training, dropout and noise do nothing. Gradients of frozen parameters are zeros.
  virtual Outcome Gradients(Samples samples, void* gradients, Totals* totals) = 0;
  // Writes the gradients by the numbers of X, of one output of each sample, or if there are labels of the
  // sample's loss: out (rows, numbers). All layers work as in predictions.
  virtual Outcome InputGradients(Samples samples, size_t output, void* out) = 0;
  // The number of a batch's rows that belong to this rank of `ranks`, a power of two, at most kMostLanes.
  virtual size_t RowsOfRank(size_t rows, size_t rank, size_t ranks) const = 0;
  // `totals` are the sums of the last epoch, penalties included. Those of its earlier steps are included,
  // too.
  virtual Outcome Train(const TrainRequest& request, Totals* totals) = 0;

  // The memory of the workspace.
  virtual size_t WorkspaceBytes() const = 0;
  // Frees it. The next operation reserves it again. Do not call this while an operation runs.
  virtual void ReleaseWorkspace() = 0;
};

// `parameters` and `statistics` (the running moments) are laid out by LayOut. They and the control must
// outlive the plan.
template <typename T>
std::unique_ptr<Plan> MakePlan(const NetworkSpec& network, const LossSpec& loss, T* parameters, T* statistics,
                               const Control& control);

}  // namespace blasnet
