// A plan: one network's stages laid out over the caller's flat parameter buffer, with the workspace to run
// them. There are two schedules. Of a network whose parameters stay in cache, a batch is cut into tiles of
// samples, each forward and backward through all the layers into a gradient of its own; of a larger one, the
// batch goes through layer by layer, and each layer is cut into blocks of units. Tiles or blocks are shared
// out among threads; they follow from the sizes alone and are summed in a fixed order, so that the number of
// threads changes no bit. The workspace has the size of the tiles, whatever the batch; but where batches are
// normalised, training takes each layer by layer and as a whole, and the workspace grows with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/job_threads.h"
#include "engine/layers.h"
#include "engine/optimizer.h"
#include "engine/samples.h"
#include "engine/update.h"
#include "kernels/losses.h"
#include "kernels/random.h"

namespace blasnet {

// Why a plan's operation returned. lib/engine/plan.ts holds the same numbers; a test compares them.
enum class Status : int32_t {
  kDone = 0,
  kStopped = 1,         // the stop flag was raised; only whole steps were taken
  kInputNotFinite = 2,  // index: the element of X
  kLabelOutside = 3,    // index: the element of Y
  kDiverged = 4,        // epoch, batch, layer: a loss that is not finite; that step was not taken
  kOverflowed = 5,      // epoch, index: a parameter that is not finite after that epoch
  kConverged = 6,       // L-BFGS: epoch; there is nothing left to gain
  kCodeOutside = 7,     // index: the element of the codes
};
inline constexpr const char* kStatusNames[] = {"done",     "stopped",    "inputNotFinite", "labelOutside",
                                               "diverged", "overflowed", "converged",      "codeOutside"};

struct Outcome {
  Status status = Status::kDone;
  size_t index = 0;
  size_t epoch = 0;  // epochs finished, or the one (from 0) that diverged
  size_t batch = 0;  // from 0: of that epoch, those whose steps were taken, or the one that diverged
  size_t layer = 0;  // from 1: the first whose activations are not finite
};

struct TrainRequest {
  Samples samples;
  const uint32_t* order;  // epochs * rows indices of samples; null: as they come
  size_t epochs;
  size_t from;  // of the samples of each epoch, in that order, those from .. to
  size_t to;
  size_t batch_size;
  size_t accumulate;  // batches a step
  OptimizerOptions optimizer;
  void* state;                   // what the optimiser keeps between steps (StateSize)
  size_t steps;                  // taken before
  const double* learning_rates;  // (rate_count) one a step, the last for all further ones
  size_t rate_count;
  Clipping clipping;
  RandomKey key;      // of dropout and noise
  size_t batches;     // gone through before
  bool check;         // look through the samples for NaN, infinities and labels out of range first
  double* loss;       // (epochs) the mean over the samples, taken before each step
  double* hit_share;  // (epochs) of the samples
};

// The element type is the template argument of the plan behind this interface; void pointers are of it.
class Plan {
 public:
  virtual ~Plan() = default;

  // X (rows, numbers), codes (rows, embeddings) -> out (rows, out).
  virtual Outcome Predict(const void* x, const int32_t* codes, size_t rows, void* out) = 0;
  virtual Outcome Evaluate(Samples samples, Totals* totals) = 0;
  // Gradients of the mean loss, laid out as the parameters are, with batch normalisation as in training,
  // without dropout and noise. Those of frozen parameters are zeros.
  virtual Outcome Gradients(Samples samples, void* gradients, Totals* totals) = 0;
  // `totals`: of the last epoch, before they are divided by its samples, penalties included.
  virtual Outcome Train(const TrainRequest& request, Totals* totals) = 0;

  // How many threads the next operations may use; 0: as many as the pool allows.
  void LimitThreads(size_t threads) { threads_ = threads; }

  // Makes the operation that is running on another thread, or the next one, return between two steps.
  void Stop() { stop_.store(true, std::memory_order_relaxed); }
  void ClearStop() { stop_.store(false, std::memory_order_relaxed); }

 protected:
  size_t ThreadLimit() const { return threads_; }
  bool Stopped() const { return stop_.load(std::memory_order_relaxed) || ProcessEnds(); }

 private:
  size_t threads_ = 0;
  std::atomic<bool> stop_{false};
};

// The parameters stand one after another in `parameters` and the running moments in `statistics` as LayOut
// has them; both must outlive the plan.
template <typename T>
std::unique_ptr<Plan> MakePlan(const NetworkSpec& network, const LossSpec& loss, T* parameters,
                               T* statistics);

}  // namespace blasnet
