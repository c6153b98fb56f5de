// A plan: one network's stages laid out over the caller's flat parameter buffer, with the workspace to run
// them. There are two schedules. Of a network whose parameters stay in cache, a batch is cut into tiles of
// samples, each forward and backward through all the layers into a gradient of its own; of a larger one, the
// batch goes through layer by layer, and each layer is cut into blocks of units. Tiles or blocks are shared
// out among threads; they follow from the sizes alone and are summed in a fixed order, so that the number of
// threads changes no bit. The workspace has the size of the tiles, whatever the batch; but where batches are
// normalised, training takes each layer by layer and as a whole, and the workspace grows with it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/control.h"
#include "engine/layers.h"
#include "engine/optimizer.h"
#include "engine/outcome.h"
#include "engine/samples.h"
#include "engine/update.h"
#include "kernels/losses.h"
#include "kernels/random.h"

namespace blasnet {

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

  Control& control() { return control_; }

 protected:
  Control control_;
};

// The parameters stand one after another in `parameters` and the running moments in `statistics` as LayOut
// has them; both must outlive the plan.
template <typename T>
std::unique_ptr<Plan> MakePlan(const NetworkSpec& network, const LossSpec& loss, T* parameters,
                               T* statistics);

}  // namespace blasnet
