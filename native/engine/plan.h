// A plan: one network's layers laid out over the caller's flat parameter buffer, with the workspace to run
// them. It works through a batch in tiles of rows, each forward and backward through all the layers while
// its activations are in cache; so the workspace has the size of a tile, whatever the batch.
//
// Letters: m rows of a tile, in and out units of a layer, L layers numbered from 1.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/job_threads.h"
#include "kernels/types.h"

namespace blasnet {

struct LayerSpec {
  size_t inputs;
  size_t outputs;
  Activation activation;
};

// Why a plan's operation returned. lib/plan.ts holds the same numbers; a test compares them.
enum class Status : int32_t {
  kDone = 0,
  kStopped = 1,         // the stop flag was raised; only whole steps were taken
  kInputNotFinite = 2,  // index: the element of X
  kLabelOutside = 3,    // index: the element of Y
  kDiverged = 4,        // epoch, batch, layer: a loss that is not finite; that step was not taken
};
inline constexpr const char* kStatusNames[] = {"done", "stopped", "inputNotFinite", "labelOutside",
                                               "diverged"};

struct Outcome {
  Status status = Status::kDone;
  size_t index = 0;
  size_t epoch = 0;  // epochs finished, or the one (from 0) that diverged
  size_t batch = 0;  // from 0
  size_t layer = 0;  // from 1: the first whose activations are not finite
};

// What one pass over some samples adds up to.
struct Totals {
  double loss = 0;  // summed over the samples
  size_t hits = 0;  // samples predicted right
};

// X (rows, in) and Y (rows, out), one sample a row.
struct Samples {
  const void* x;
  const void* y;
  size_t rows;
};

struct TrainRequest {
  Samples samples;
  const uint32_t* order;  // epochs * rows indices of samples; null: as they come
  size_t epochs;
  size_t batch_size;
  double learning_rate;
  bool check;        // look through the samples for NaN, infinities and labels out of range first
  double* loss;      // (epochs) the mean over the samples, taken before each step
  double* accuracy;  // (epochs)
};

// The element type is the template argument of the plan behind this interface; void pointers are of it.
class Plan {
 public:
  virtual ~Plan() = default;

  // X (rows, in) -> out (rows, out).
  virtual Outcome Predict(const void* x, size_t rows, void* out) = 0;
  virtual Outcome Evaluate(Samples samples, Totals* totals) = 0;
  // Gradients of the mean loss, laid out as the parameters are.
  virtual Outcome Gradients(Samples samples, void* gradients, Totals* totals) = 0;
  virtual Outcome Train(const TrainRequest& request) = 0;

  // Makes the operation that is running on another thread, or the next one, return between two steps.
  void Stop() { stop_.store(true, std::memory_order_relaxed); }
  void ClearStop() { stop_.store(false, std::memory_order_relaxed); }

 protected:
  bool Stopped() const { return stop_.load(std::memory_order_relaxed) || ProcessEnds(); }

 private:
  std::atomic<bool> stop_{false};
};

// The parameters W1 (out, in), b1 (out), W2, ... stand one after another in `parameters`, which must
// outlive the plan.
template <typename T>
std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>& layers, Loss loss, T* parameters);

size_t ParameterCount(const std::vector<LayerSpec>& layers);

}  // namespace blasnet
