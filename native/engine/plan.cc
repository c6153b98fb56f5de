#include "engine/plan.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/lbfgs.h"
#include "engine/pool.h"
#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// The borders of the schedules and the tiles' rows were measured on the networks of bench/; sizes of shares
// and what is worth another thread are estimates that those networks agree with.
constexpr size_t kSweepBytes = 1'000'000;  // from here on parameters are swept through layer by layer
constexpr size_t kSweepRows = 256;         // samples that a sweep takes at once
constexpr size_t kSweepUnits = 64;         // units of a layer that one thread takes at once
constexpr size_t kTileWork = 4'000'000;    // floating-point operations that a tile should be worth
constexpr size_t kLeastTileRows = 100;     // below, matrix products are too thin
constexpr size_t kMostTileRows = 128;      // above, activations leave the cache
constexpr size_t kMostLanes = 16;          // gradients that are summed apart
constexpr size_t kUpdateSize = 16'384;     // parameters that one thread updates at once
constexpr size_t kParallelWork = 400'000;  // operations below which waking a thread costs more than it does

size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

template <typename T>
class PlanOf final : public Plan {
 public:
  PlanOf(const std::vector<LayerSpec>& specs, Loss loss, T* parameters)
      : loss_(loss), parameters_(parameters), parameter_count_(ParameterCount(specs)) {
    size_t offset = 0;
    for (const LayerSpec& spec : specs) {
      layers_.push_back({spec, offset, offset + spec.inputs * spec.outputs});
      offset += (spec.inputs + 1) * spec.outputs;
    }
    sweeps_ = parameter_count_ * sizeof(T) >= kSweepBytes;
    tile_rows_ =
        sweeps_ ? kSweepRows : std::clamp(kTileWork / (6 * parameter_count_), kLeastTileRows, kMostTileRows);
  }

  Outcome Predict(const void* x_data, size_t rows, void* out_data) override {
    const T* x = static_cast<const T*>(x_data);
    T* out = static_cast<T*>(out_data);
    if (rows == 1) return PredictOne(x, out);
    const Cuts cuts = CutRows(rows);
    std::vector<size_t> bad(cuts.count, kNone);
    const bool whole = ForEachTile(cuts, 2, [&](Tile<T>& tile, size_t i) {
      const size_t row = cuts.Start(i), m = cuts.Start(i + 1) - row;
      const size_t index = FirstNonFinite(x + row * Inputs(), m * Inputs());
      if (index != m * Inputs()) {
        bad[i] = row * Inputs() + index;
        return;
      }
      tile.Load(x, nullptr, nullptr, row, m);
      Forward(tile, true);
      tile.Store(out + row * Outputs());
    });
    const auto first = std::find_if(bad.begin(), bad.end(), [](size_t index) { return index != kNone; });
    if (first != bad.end()) return {Status::kInputNotFinite, *first};
    return {whole ? Status::kDone : Status::kStopped};
  }

  Outcome Evaluate(Samples samples, Totals* totals) override {
    const T* x = static_cast<const T*>(samples.x);
    const T* y = static_cast<const T*>(samples.y);
    const Outcome outcome = Check(x, y, samples.rows);
    if (outcome.status != Status::kDone) return outcome;
    const Cuts cuts = CutRows(samples.rows);
    std::vector<Totals> parts(cuts.count);
    const bool whole = ForEachTile(cuts, 2, [&](Tile<T>& tile, size_t i) {
      tile.Load(x, y, nullptr, cuts.Start(i), cuts.Start(i + 1) - cuts.Start(i));
      Forward(tile, false);
      tile.Lose(loss_, T{0}, false, &parts[i]);
    });
    if (!whole) return {Status::kStopped};
    for (const Totals& part : parts) Add(part, totals);
    return {};
  }

  Outcome Gradients(Samples samples, void* gradients, Totals* totals) override {
    const T* x = static_cast<const T*>(samples.x);
    const T* y = static_cast<const T*>(samples.y);
    const Outcome outcome = Check(x, y, samples.rows);
    if (outcome.status != Status::kDone) return outcome;
    const Batch batch{x, y, nullptr, 0, samples.rows};
    size_t lanes = 0;
    const Outcome gradient = SumGradients(batch, totals, &lanes);
    // A loss that is not finite has gradients all the same: the caller sees both.
    if (gradient.status == Status::kStopped) return gradient;
    UpdateWith(lanes, [&](size_t from, size_t size) {
      std::copy_n(lanes_[0].data() + from, size, static_cast<T*>(gradients) + from);
    });
    return {};
  }

  Outcome Train(const TrainRequest& request) override {
    const T* x = static_cast<const T*>(request.samples.x);
    const T* y = static_cast<const T*>(request.samples.y);
    const size_t rows = request.samples.rows;
    if (request.check) {
      const Outcome outcome = Check(x, y, rows);
      if (outcome.status != Status::kDone) return outcome;
    }
    if (request.optimizer.optimizer == Optimizer::kLbfgs) return TrainByLbfgs(request);
    size_t steps = request.optimizer.steps;
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      const uint32_t* order = request.order == nullptr ? nullptr : request.order + epoch * rows;
      Totals totals;
      for (size_t start = 0, batch = 0; start < rows; start += request.batch_size, batch++) {
        size_t lanes = 0;
        const size_t size = std::min(request.batch_size, rows - start);
        const Outcome outcome = SumGradients({x, y, order, start, size}, &totals, &lanes);
        if (outcome.status != Status::kDone) return {outcome.status, 0, epoch, batch, outcome.layer};
        Step(request.optimizer, ++steps, lanes);
      }
      // The next loss would tell, if there is one.
      const size_t bad = FirstNonFinite(parameters_, parameter_count_);
      if (bad != parameter_count_) return {Status::kOverflowed, bad, epoch};
      request.loss[epoch] = totals.loss / static_cast<double>(rows);
      request.accuracy[epoch] = static_cast<double>(totals.hits) / static_cast<double>(rows);
    }
    return {Status::kDone, 0, request.epochs};
  }

 private:
  static constexpr size_t kNone = ~size_t{0};

  // Rows cut into `count` tiles of nearly equal size, each but the last a whole number of cache lines long.
  struct Cuts {
    size_t rows;
    size_t count;

    size_t Start(size_t i) const {
      constexpr size_t kLine = 64 / sizeof(T);
      return std::min(rows, Blocks(rows, kLine) * i / count * kLine);
    }
  };

  struct Batch {
    const T* x;
    const T* y;
    const uint32_t* order;
    size_t start;
    size_t rows;
  };

  size_t Inputs() const { return layers_.front().inputs; }
  size_t Outputs() const { return layers_.back().outputs; }

  static void Add(const Totals& part, Totals* totals) {
    totals->loss += part.loss;
    totals->hits += part.hits;
  }

  Cuts CutRows(size_t rows) const { return {rows, Blocks(rows, tile_rows_)}; }

  // As many threads as some rows are worth; a forward pass takes 2 operations a parameter, a step 6.
  size_t ThreadsFor(size_t rows, size_t operations) const {
    return rows * parameter_count_ * operations < kParallelWork ? 1 : EffectiveThreads(ThreadLimit());
  }

  // Makes the workspaces that so many threads need. They grow with use, so that a plan that only sees single
  // rows stays small.
  void ReserveTiles(size_t count, size_t rows) {
    if (rows > reserved_rows_) {
      reserved_rows_ = std::min(tile_rows_, std::max(rows, 2 * reserved_rows_)) + 64 / sizeof(T);
      tiles_.clear();
    }
    while (tiles_.size() < count) tiles_.push_back(std::make_unique<Tile<T>>(layers_, reserved_rows_));
  }

  // body(tile, i) for every tile, unless stopped; whether all were done. A sweep shares out what is in a
  // tile, the other schedule the tiles.
  template <class F>
  bool ForEachTile(Cuts cuts, size_t operations, const F& body) {
    const size_t most = sweeps_ ? 1 : std::min(cuts.count, ThreadsFor(cuts.rows, operations));
    ReserveTiles(most, std::min(cuts.rows, tile_rows_));
    ParallelFor(most, cuts.count, [&](size_t i, size_t slot) {
      if (!Stopped()) body(*tiles_[slot], i);
    });
    return !Stopped();
  }

  // body(from, to) for the units of a layer: in blocks on several threads when sweeping, otherwise at once.
  template <class F>
  void ForUnits(size_t units, const F& body) {
    if (!sweeps_) return body(size_t{0}, units);
    ParallelFor(ThreadLimit(), Blocks(units, kSweepUnits), [&](size_t i, size_t) {
      if (!Stopped()) body(i * kSweepUnits, std::min(units, (i + 1) * kSweepUnits));
    });
  }

  void Forward(Tile<T>& tile, bool activate_last) {
    for (size_t l = 0; l < layers_.size(); l++) {
      ForUnits(layers_[l].outputs,
               [&](size_t from, size_t to) { tile.Forward(l, parameters_, from, to, activate_last); });
      tile.FinishForward(l, activate_last);
    }
  }

  void Backward(Tile<T>& tile, bool accumulate, T* gradients) {
    for (size_t l = layers_.size(); l-- > 0;) {
      const auto of_weights = [&](size_t from, size_t to) {
        tile.Gradients(l, from, to, accumulate, gradients);
      };
      const auto of_input = [&](size_t from, size_t to) { tile.InputGradient(l, parameters_, from, to); };
      const size_t out = layers_[l].outputs, in = l == 0 ? 0 : layers_[l].inputs;
      if (!sweeps_) {
        of_weights(0, out);
        if (in > 0) of_input(0, in);
      } else {
        // Both kinds of blocks in one loop: neither needs the other's result.
        const size_t inputs = Blocks(in, kSweepUnits);
        ParallelFor(ThreadLimit(), inputs + Blocks(out, kSweepUnits), [&](size_t i, size_t) {
          if (Stopped()) return;
          const size_t from = (i < inputs ? i : i - inputs) * kSweepUnits;
          if (i < inputs) {
            of_input(from, std::min(in, from + kSweepUnits));
          } else {
            of_weights(from, std::min(out, from + kSweepUnits));
          }
        });
      }
      if (l > 0) tile.FinishBackward(l);
    }
  }

  // The gradient of the batch's mean loss, as the sum of the first `lanes` of lanes_.
  Outcome SumGradients(const Batch& batch, Totals* totals, size_t* lanes) {
    const Cuts cuts = CutRows(batch.rows);
    const size_t lane_count = sweeps_ ? 1 : std::min(cuts.count, kMostLanes);
    const size_t most = sweeps_ ? 1 : std::min(lane_count, ThreadsFor(batch.rows, 6));
    while (lanes_.size() < lane_count) lanes_.emplace_back(parameter_count_);
    ReserveTiles(most, std::min(batch.rows, tile_rows_));
    parts_.assign(cuts.count, Totals{});
    const T scale = T{1} / static_cast<T>(batch.rows);
    ParallelFor(most, lane_count, [&](size_t lane, size_t slot) {
      const size_t first = cuts.count * lane / lane_count, end = cuts.count * (lane + 1) / lane_count;
      for (size_t i = first; i < end && !Stopped(); i++) {
        Tile<T>& tile = *tiles_[slot];
        const size_t row = cuts.Start(i);
        tile.Load(batch.x, batch.y, batch.order, batch.start + row, cuts.Start(i + 1) - row);
        Forward(tile, false);
        tile.Lose(loss_, scale, true, &parts_[i]);
        Backward(tile, i > first, lanes_[lane].data());
      }
    });
    if (Stopped()) return {Status::kStopped};
    *lanes = lane_count;
    for (size_t i = 0; i < cuts.count; i++) {
      Add(parts_[i], totals);
      if (!std::isfinite(parts_[i].loss)) return Diverged(batch, cuts, i);
    }
    return {};
  }

  // Once more through the tile that diverged, for the layer where it began.
  Outcome Diverged(const Batch& batch, const Cuts& cuts, size_t i) {
    Tile<T>& tile = *tiles_[0];
    tile.Load(batch.x, batch.y, batch.order, batch.start + cuts.Start(i), cuts.Start(i + 1) - cuts.Start(i));
    Forward(tile, false);
    return {Status::kDiverged, 0, 0, 0, tile.FirstBadLayer() + 1};
  }

  // Sums the lanes into the first, a stretch of parameters at a time, and calls update(from, size) for it.
  template <class F>
  void UpdateWith(size_t lanes, const F& update) {
    // Bound by memory: an element of a lane, of the parameters or of the state takes the time of some four
    // operations in a product.
    const size_t most =
        parameter_count_ * (lanes + 2) * 4 < kParallelWork ? 1 : EffectiveThreads(ThreadLimit());
    ParallelFor(most, Blocks(parameter_count_, kUpdateSize), [&](size_t i, size_t) {
      const size_t from = i * kUpdateSize, size = std::min(kUpdateSize, parameter_count_ - from);
      for (size_t lane = 1; lane < lanes; lane++) {
        AddTo(lanes_[0].data() + from, lanes_[lane].data() + from, size);
      }
      update(from, size);
    });
  }

  // A step an epoch. The first point of a call is evaluated anew, lest somebody changed the parameters.
  Outcome TrainByLbfgs(const TrainRequest& request) {
    const size_t rows = request.samples.rows;
    const Batch batch{static_cast<const T*>(request.samples.x), static_cast<const T*>(request.samples.y),
                      nullptr, 0, rows};
    Lbfgs<T> lbfgs(LbfgsOptionsOf(request.optimizer.hyperparameters.data()), parameter_count_, parameters_,
                   static_cast<T*>(request.optimizer.state));
    size_t bad_layer = layers_.size();
    const auto evaluate = [&](T* gradients, LbfgsPoint* point) {
      Totals totals;
      size_t lanes = 0;
      const Outcome outcome = SumGradients(batch, &totals, &lanes);
      if (outcome.status == Status::kStopped) return false;
      if (outcome.status == Status::kDiverged) bad_layer = outcome.layer;
      UpdateWith(lanes, [&](size_t from, size_t size) {
        std::copy_n(lanes_[0].data() + from, size, gradients + from);
      });
      *point = {totals.loss / static_cast<double>(rows),
                static_cast<double>(totals.hits) / static_cast<double>(rows)};
      return true;
    };
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      LbfgsPoint before{};
      const LbfgsStatus status = lbfgs.Step(evaluate, &before);
      if (status == LbfgsStatus::kStopped) return {Status::kStopped, 0, epoch};
      if (status == LbfgsStatus::kDiverged) return {Status::kDiverged, 0, epoch, 0, bad_layer};
      request.loss[epoch] = before.loss;
      request.accuracy[epoch] = before.accuracy;
      if (status == LbfgsStatus::kConverged) return {Status::kConverged, 0, epoch + 1};
    }
    return {Status::kDone, 0, request.epochs};
  }

  // One step with the gradient in the lanes; `step` counts from 1.
  void Step(const OptimizerRequest& request, size_t step, size_t lanes) {
    const double* hyperparameters = request.hyperparameters.data();
    const auto factors =
        FactorsOf<T>(request.optimizer, hyperparameters, hyperparameters[kLearningRate], step);
    T* state = static_cast<T*>(request.state);
    const T* gradients = lanes_[0].data();
    UpdateWith(lanes, [&](size_t from, size_t size) {
      T* states = state == nullptr ? nullptr : state + from;
      UpdateParameters(factors, size, parameters_ + from, gradients + from, states, parameter_count_);
    });
  }

  // One sample needs no tile: its features are a vector as they come, and so is every layer's output.
  Outcome PredictOne(const T* x, T* out) {
    const size_t bad = FirstNonFinite(x, Inputs());
    if (bad != Inputs()) return {Status::kInputNotFinite, bad};
    const T* input = x;
    for (size_t l = 0; l < layers_.size(); l++) {
      const Layer& layer = layers_[l];
      T* z = out;
      if (l + 1 < layers_.size()) {
        single_[l % 2].resize(std::max(single_[l % 2].size(), layer.outputs));
        z = single_[l % 2].data();
      }
      DotProducts(layer.outputs, 1, layer.inputs, parameters_ + layer.weights, layer.inputs, input,
                  layer.inputs, parameters_ + layer.bias, false, z, 1);
      ActivationForward(layer.activation, SampleAxis::kRows, 1, layer.outputs, z, z);
      input = z;
    }
    return {};
  }

  Outcome Check(const T* x, const T* y, size_t rows) {
    // In pieces, so that a stop is noticed soon also on large data.
    constexpr size_t kPiece = size_t{1} << 20;
    for (size_t i = 0; i < rows * Inputs(); i += kPiece) {
      if (Stopped()) return {Status::kStopped};
      const size_t size = std::min(kPiece, rows * Inputs() - i);
      const size_t bad = FirstNonFinite(x + i, size);
      if (bad != size) return {Status::kInputNotFinite, i + bad};
    }
    const bool probabilities = loss_ != Loss::kMeanSquaredError;
    for (size_t i = 0; i < rows * Outputs(); i += kPiece) {
      if (Stopped()) return {Status::kStopped};
      const size_t size = std::min(kPiece, rows * Outputs() - i);
      const size_t bad = probabilities ? FirstOutside(y + i, size, T{0}, T{1}) : FirstNonFinite(y + i, size);
      if (bad != size) return {Status::kLabelOutside, i + bad};
    }
    return {};
  }

  const Loss loss_;
  T* const parameters_;
  const size_t parameter_count_;
  std::vector<Layer> layers_;
  bool sweeps_ = false;
  size_t tile_rows_ = 0;

  size_t reserved_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> tiles_;  // one a thread
  std::vector<std::vector<T>> lanes_;            // (parameters) each
  std::vector<Totals> parts_;                    // one a tile of the batch
  std::vector<T> single_[2];                     // (widest): one sample between layers, in turns
};

}  // namespace

template <typename T>
std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>& layers, Loss loss, T* parameters) {
  return std::make_unique<PlanOf<T>>(layers, loss, parameters);
}

template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, Loss, double*);
template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, Loss, float*);

size_t StateSize(Optimizer optimizer, const double* hyperparameters, size_t parameters) {
  return optimizer == Optimizer::kLbfgs ? LbfgsStateSize(LbfgsOptionsOf(hyperparameters).history, parameters)
                                        : StatesOf(optimizer, hyperparameters) * parameters;
}

size_t ParameterCount(const std::vector<LayerSpec>& layers) {
  size_t count = 0;
  for (const LayerSpec& layer : layers) count += (layer.inputs + 1) * layer.outputs;
  return count;
}

}  // namespace blasnet
