#include "engine/plan.h"

#include <algorithm>
#include <cmath>

#include "engine/cuts.h"
#include "engine/lbfgs.h"
#include "engine/pool.h"
#include "engine/single_sample.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

template <typename T>
class PlanOf final : public Plan {
 public:
  PlanOf(const std::vector<LayerSpec>& specs, const LossSpec& loss, T* parameters, T* statistics)
      : loss_(loss),
        parameters_(parameters),
        statistics_(statistics),
        layers_(LayOut(specs)),
        parameter_count_(layers_.back().end),
        large_(parameter_count_ * sizeof(T) >= kSweepBytes),
        update_(layers_, parameters),
        single_(layers_, parameters, statistics) {
    tile_rows_ =
        large_ ? kSweepRows : std::clamp(kTileWork / (6 * parameter_count_), kLeastTileRows, kMostTileRows);
    const auto trains =
        std::find_if(layers_.begin(), layers_.end(), [](const Layer& l) { return l.trainable; });
    first_trainable_ = static_cast<size_t>(trains - layers_.begin());
    for (const Layer& layer : layers_) batch_moments_ |= layer.UsesBatchMoments();
    if (batch_moments_) moments_.resize(layers_.back().statistics_end);
  }

  Outcome Predict(const void* x_data, size_t rows, void* out_data) override {
    const T* x = static_cast<const T*>(x_data);
    T* out = static_cast<T*>(out_data);
    if (rows == 1) return PredictOne(x, out);
    const Cuts<T> cuts = CutRows<T>(rows, tile_rows_);
    std::vector<size_t> bad(cuts.count, kNone);
    Pass pass;
    pass.activate_last = true;
    const bool whole = ForEachTile(cuts, [&](Tile<T>& tile, size_t i) {
      const size_t row = cuts.Start(i), m = cuts.Start(i + 1) - row;
      const size_t index = FirstNonFinite(x + row * Inputs(), m * Inputs());
      if (index != m * Inputs()) {
        bad[i] = row * Inputs() + index;
        return;
      }
      tile.Load({x}, row, m, pass, row);
      Forward(tile);
      tile.Store(out + row * Outputs());
    });
    const auto first = std::find_if(bad.begin(), bad.end(), [](size_t index) { return index != kNone; });
    if (first != bad.end()) return {Status::kInputNotFinite, *first};
    return {whole ? Status::kDone : Status::kStopped};
  }

  Outcome Evaluate(Samples samples, Totals* totals) override {
    const Outcome outcome = Check(samples);
    if (outcome.status != Status::kDone) return outcome;
    const Cuts<T> cuts = CutRows<T>(samples.rows, tile_rows_);
    const Source<T> source = SourceOf(samples, nullptr);
    std::vector<Totals> parts(cuts.count);
    const bool whole = ForEachTile(cuts, [&](Tile<T>& tile, size_t i) {
      const size_t row = cuts.Start(i);
      tile.Load(source, row, cuts.Start(i + 1) - row, Pass{}, row);
      Forward(tile);
      tile.ComputeLoss(loss_, T{0}, false, &parts[i]);
    });
    if (!whole) return {Status::kStopped};
    for (const Totals& part : parts) Add(part, totals);
    totals->loss += update_.Penalty() * static_cast<double>(samples.rows);
    return {};
  }

  Outcome Gradients(Samples samples, void* gradients, Totals* totals) override {
    const Outcome outcome = Check(samples);
    if (outcome.status != Status::kDone) return outcome;
    Pass pass;
    pass.learning = true;
    size_t lanes = 0;
    const Batch batch{SourceOf(samples, nullptr), 0, samples.rows, samples.rows, false};
    const Outcome gradient = SumGradients(batch, pass, totals, &lanes);
    // A loss that is not finite has gradients all the same: the caller sees both.
    if (gradient.status == Status::kStopped) return gradient;
    T* out = static_cast<T*>(gradients);
    std::fill_n(out, parameter_count_, T{0});
    const double penalty = update_.Run(
        lanes_, lanes, EffectiveThreads(ThreadLimit()), {},
        [&](size_t from, size_t size) { std::copy_n(lanes_[0].data() + from, size, out + from); });
    totals->loss += penalty * static_cast<double>(samples.rows);
    return {};
  }

  Outcome Train(const TrainRequest& request, Totals* totals) override {
    const size_t rows = request.samples.rows;
    if (request.check) {
      const Outcome outcome = Check(request.samples);
      if (outcome.status != Status::kDone) return outcome;
    }
    if (std::holds_alternative<LbfgsOptions>(request.optimizer)) return TrainByLbfgs(request);
    size_t steps = request.steps, batches = request.batches;
    const size_t group = request.batch_size * request.accumulate;
    Pass pass;
    pass.learning = true;
    pass.random = true;
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      const uint32_t* order = request.order == nullptr ? nullptr : request.order + epoch * rows;
      const Source<T> source = SourceOf(request.samples, order);
      *totals = {};
      size_t batch = 0;
      for (size_t start = request.from; start < request.to; start += group) {
        const size_t size = std::min(group, request.to - start);
        // A step's own sums first, so that an epoch adds up to the same bits when it goes step by step.
        Totals sums;
        size_t most_lanes = 0;
        if (batch_moments_ && request.accumulate > 1)
          std::copy_n(statistics_, moments_.size(), moments_.data());
        for (size_t at = 0; at < size; at += request.batch_size, batch++) {
          pass.key = SubKey(request.key, batches++, 0);
          size_t lanes = 0;
          const Batch part{source, start + at, std::min(request.batch_size, size - at), size, at > 0};
          const Outcome outcome = SumGradients(part, pass, &sums, &lanes);
          if (outcome.status != Status::kDone) {
            // The group's step is not taken, nor is what its batches before did.
            if (at > 0) std::copy(moments_.begin(), moments_.end(), statistics_);
            const size_t before = outcome.status == Status::kStopped ? at / request.batch_size : 0;
            return {outcome.status, 0, epoch, batch - before, outcome.layer};
          }
          most_lanes = std::max(most_lanes, lanes);
          if (batch_moments_) tiles_[0]->UpdateStatistics(statistics_);
        }
        const size_t step = steps - request.steps;
        const double rate = request.learning_rates[std::min(step, request.rate_count - 1)];
        sums.loss += Step(request, rate, ++steps, most_lanes) * static_cast<double>(size);
        Add(sums, totals);
      }
      // The next loss would tell, if there is one.
      const size_t bad = FirstNonFinite(parameters_, parameter_count_);
      if (bad != parameter_count_) return {Status::kOverflowed, bad, epoch};
      const double count = static_cast<double>(request.to - request.from);
      request.loss[epoch] = totals->loss / count;
      request.hit_share[epoch] = static_cast<double>(totals->hits) / count;
    }
    return {Status::kDone, 0, request.epochs};
  }

 private:
  static constexpr size_t kNone = ~size_t{0};

  struct Batch {
    Source<T> source;
    size_t start;  // its first sample
    size_t rows;
    size_t step_rows;  // of all batches of the step
    bool accumulate;   // not the step's first
  };

  size_t Inputs() const { return layers_.front().inputs; }
  size_t Outputs() const { return layers_.back().outputs; }

  static Source<T> SourceOf(const Samples& samples, const uint32_t* order) {
    return {static_cast<const T*>(samples.x), samples.y, static_cast<const T*>(samples.weights), order};
  }

  static void Add(const Totals& part, Totals* totals) {
    totals->loss += part.loss;
    totals->hits += part.hits;
  }

  // As many threads as some rows are worth; a forward pass takes 2 operations a parameter, a step 6.
  size_t ThreadsFor(size_t rows, size_t operations) const {
    return rows * parameter_count_ * operations < kParallelWork ? 1 : EffectiveThreads(ThreadLimit());
  }

  // Makes the workspaces that so many threads need. They grow with use, so that a plan that only sees single
  // rows stays small.
  void ReserveTiles(size_t count, size_t rows) {
    if (rows > reserved_rows_) {
      const size_t grown = std::max(rows, std::min(tile_rows_, 2 * reserved_rows_));
      reserved_rows_ = grown + 64 / sizeof(T);
      tiles_.clear();
    }
    while (tiles_.size() < count) {
      tiles_.push_back(
          std::make_unique<Tile<T>>(layers_, loss_.loss, parameters_, statistics_, reserved_rows_));
    }
  }

  // body(tile, i) for every tile of a forward pass, unless stopped; whether all were done. A sweep shares out
  // what is in a tile, the other schedule the tiles.
  template <class F>
  bool ForEachTile(Cuts<T> cuts, const F& body) {
    sweeps_ = large_;
    const size_t most = sweeps_ ? 1 : std::min(cuts.count, ThreadsFor(cuts.rows, 2));
    sweep_rows_ = std::min(cuts.rows, tile_rows_);
    ReserveTiles(most, sweep_rows_);
    ParallelFor(most, cuts.count, [&](size_t i, size_t slot) {
      if (!Stopped()) body(*tiles_[slot], i);
    });
    return !Stopped();
  }

  // The threads that share a layer when sweeping.
  size_t ThreadsForUnits(const Layer& layer) const {
    return sweep_rows_ * (layer.end - layer.weights) * 2 < kParallelWork ? 1 : ThreadLimit();
  }

  // body(from, to) for the units of a layer: in blocks on several threads when sweeping, otherwise at once.
  template <class F>
  void ForUnits(const Layer& layer, const F& body) {
    const size_t units = layer.outputs;
    if (!sweeps_) return body(size_t{0}, units);
    ParallelFor(ThreadsForUnits(layer), Blocks(units, kSweepUnits), [&](size_t i, size_t) {
      if (!Stopped()) body(i * kSweepUnits, std::min(units, (i + 1) * kSweepUnits));
    });
  }

  void Forward(Tile<T>& tile) {
    for (size_t l = 0; l < layers_.size(); l++) {
      ForUnits(layers_[l], [&](size_t from, size_t to) { tile.Forward(l, from, to); });
      tile.FinishForward(l);
    }
  }

  void Backward(Tile<T>& tile, bool accumulate, T* gradients) {
    for (size_t l = layers_.size(); l-- > first_trainable_;) {
      const Layer& layer = layers_[l];
      const auto of_weights = [&](size_t from, size_t to) {
        tile.Gradients(l, from, to, accumulate, gradients);
      };
      const auto of_input = [&](size_t from, size_t to) {
        tile.InputGradient(l, from, to, accumulate, gradients);
      };
      const size_t out = layer.trainable ? layer.outputs : 0, in = l == first_trainable_ ? 0 : layer.inputs;
      if (!sweeps_) {
        if (out > 0) of_weights(0, out);
        if (in > 0) of_input(0, in);
      } else {
        // Both kinds of blocks in one loop: neither needs the other's result.
        const size_t inputs = Blocks(in, kSweepUnits);
        ParallelFor(ThreadsForUnits(layer), inputs + Blocks(out, kSweepUnits), [&](size_t i, size_t) {
          if (Stopped()) return;
          const size_t from = (i < inputs ? i : i - inputs) * kSweepUnits;
          if (i < inputs) {
            of_input(from, std::min(in, from + kSweepUnits));
          } else {
            of_weights(from, std::min(out, from + kSweepUnits));
          }
        });
      }
      if (in > 0) tile.FinishBackward(l, accumulate, gradients);
    }
  }

  // Adds a batch's share of the gradient of the step's mean loss to the first `lanes` of lanes_, or writes
  // it.
  Outcome SumGradients(const Batch& batch, const Pass& pass, Totals* totals, size_t* lanes) {
    const bool whole = pass.learning && batch_moments_;
    sweeps_ = large_ || whole;
    const size_t tile_rows = whole ? batch.rows : tile_rows_;
    const Cuts<T> cuts = CutRows<T>(batch.rows, tile_rows);
    const size_t lane_count = sweeps_ ? 1 : std::min(cuts.count, kMostLanes);
    const size_t most = sweeps_ ? 1 : std::min(lane_count, ThreadsFor(batch.rows, 6));
    while (lanes_.size() < lane_count) lanes_.emplace_back(parameter_count_);
    ReserveTiles(most, std::min(batch.rows, tile_rows));
    sweep_rows_ = std::min(batch.rows, tile_rows);
    parts_.assign(cuts.count, Totals{});
    const T scale = T{1} / static_cast<T>(batch.step_rows);
    ParallelFor(most, lane_count, [&](size_t lane, size_t slot) {
      const size_t first = cuts.count * lane / lane_count, end = cuts.count * (lane + 1) / lane_count;
      for (size_t i = first; i < end && !Stopped(); i++) {
        Tile<T>& tile = *tiles_[slot];
        LoadTile(tile, batch, cuts, i, pass);
        Forward(tile);
        tile.ComputeLoss(loss_, scale, true, &parts_[i]);
        Backward(tile, batch.accumulate || i > first, lanes_[lane].data());
      }
    });
    if (Stopped()) return {Status::kStopped};
    *lanes = lane_count;
    for (size_t i = 0; i < cuts.count; i++) {
      Add(parts_[i], totals);
      if (!std::isfinite(parts_[i].loss)) return Diverged(batch, cuts, i, pass);
    }
    return {};
  }

  static void LoadTile(Tile<T>& tile, const Batch& batch, const Cuts<T>& cuts, size_t i, const Pass& pass) {
    const size_t row = cuts.Start(i);
    tile.Load(batch.source, batch.start + row, cuts.Start(i + 1) - row, pass, row);
  }

  // Once more through the tile that diverged, for the layer where it began.
  Outcome Diverged(const Batch& batch, const Cuts<T>& cuts, size_t i, const Pass& pass) {
    Tile<T>& tile = *tiles_[0];
    LoadTile(tile, batch, cuts, i, pass);
    Forward(tile);
    return {Status::kDiverged, 0, 0, 0, tile.FirstBadLayer() + 1};
  }

  // Once more through the batch, for its moments under the parameters as they are now: the last point of a
  // line search need not be the one it takes. False when stopped.
  bool UpdateMoments(const Batch& batch, const Pass& pass) {
    Totals ignored;
    size_t lanes = 0;
    if (SumGradients(batch, pass, &ignored, &lanes).status == Status::kStopped) return false;
    tiles_[0]->UpdateStatistics(statistics_);
    return true;
  }

  // A step an epoch. The first point of a call is evaluated anew, lest somebody changed the parameters.
  Outcome TrainByLbfgs(const TrainRequest& request) {
    const uint32_t* order = request.order;
    const size_t rows = request.to - request.from;
    const Batch batch{SourceOf(request.samples, order), request.from, rows, rows, false};
    Pass pass;
    pass.learning = true;
    const LbfgsOptions& options = std::get<LbfgsOptions>(request.optimizer);
    T* state = static_cast<T*>(request.state);
    // Layers may have been frozen since the steps that it remembers.
    for (size_t i = 0; i < LbfgsArrays(options.History()); i++) {
      update_.ClearFrozen(state + i * parameter_count_);
    }
    Lbfgs<T> lbfgs(options, parameter_count_, parameters_, state);
    size_t bad_layer = layers_.size();
    const auto evaluate = [&](T* gradients, LbfgsPoint* point) {
      Totals totals;
      size_t lanes = 0;
      const Outcome outcome = SumGradients(batch, pass, &totals, &lanes);
      if (outcome.status == Status::kStopped) return false;
      if (outcome.status == Status::kDiverged) bad_layer = outcome.layer;
      const double penalty = update_.Run(
          lanes_, lanes, EffectiveThreads(ThreadLimit()), {},
          [&](size_t from, size_t size) { std::copy_n(lanes_[0].data() + from, size, gradients + from); });
      *point = {totals.loss / static_cast<double>(rows) + penalty,
                static_cast<double>(totals.hits) / static_cast<double>(rows)};
      return true;
    };
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      LbfgsPoint before{};
      const LbfgsStatus status = lbfgs.Step(evaluate, &before);
      if (status == LbfgsStatus::kStopped) return {Status::kStopped, 0, epoch};
      if (status == LbfgsStatus::kDiverged) return {Status::kDiverged, 0, epoch, 0, bad_layer};
      if (batch_moments_ && !UpdateMoments(batch, pass)) return {Status::kStopped, 0, epoch};
      request.loss[epoch] = before.loss;
      request.hit_share[epoch] = before.accuracy;
      if (status == LbfgsStatus::kConverged) return {Status::kConverged, 0, epoch + 1};
    }
    return {Status::kDone, 0, request.epochs};
  }

  // One step with the gradient in the lanes; `step` counts from 1. Returns the penalty of the weights before.
  double Step(const TrainRequest& request, double rate, size_t step, size_t lanes) {
    const auto constants = ConstantsOf<T>(std::get<FirstOrderOptions>(request.optimizer), rate, step);
    T* state = static_cast<T*>(request.state);
    const T* gradients = lanes_[0].data();
    const size_t threads = EffectiveThreads(ThreadLimit());
    const double penalty =
        update_.Run(lanes_, lanes, threads, request.clipping, [&](size_t from, size_t size) {
          T* states = state == nullptr ? nullptr : state + from;
          UpdateParameters(constants, size, parameters_ + from, gradients + from, states, parameter_count_);
        });
    update_.LimitNorms(threads);
    return penalty;
  }

  // One sample needs no tile.
  Outcome PredictOne(const T* x, T* out) {
    const size_t bad = FirstNonFinite(x, Inputs());
    if (bad != Inputs()) return {Status::kInputNotFinite, bad};
    single_.Predict(x, out);
    return {};
  }

  Outcome Check(const Samples& samples) {
    const T* x = static_cast<const T*>(samples.x);
    const size_t bad = FindInPieces(samples.rows * Inputs(),
                                    [x](size_t from, size_t size) { return FirstNonFinite(x + from, size); });
    if (bad != kNone) return {Status::kInputNotFinite, bad};
    const size_t count = samples.rows * (TakesClasses(loss_.loss) ? 1 : Outputs());
    const size_t label = FindInPieces(count, [&](size_t from, size_t size) {
      return TakesClasses(loss_.loss)
                 ? FirstBadClass(static_cast<const int32_t*>(samples.y) + from, Outputs(), size)
                 : FirstBadLabel(TraitsOf(loss_.loss).labels, Outputs(),
                                 static_cast<const T*>(samples.y) + from, size);
    });
    if (label != kNone) return {Status::kLabelOutside, label};
    return {Stopped() ? Status::kStopped : Status::kDone};
  }

  // The first index that find(from, size) finds, or kNone; in pieces, so that a stop is noticed soon also on
  // large data.
  template <class F>
  size_t FindInPieces(size_t count, const F& find) const {
    constexpr size_t kPiece = size_t{1} << 20;
    for (size_t i = 0; i < count && !Stopped(); i += kPiece) {
      const size_t size = std::min(kPiece, count - i);
      const size_t bad = find(i, size);
      if (bad != size) return i + bad;
    }
    return kNone;
  }

  const LossSpec loss_;
  T* const parameters_;
  T* const statistics_;
  const std::vector<Layer> layers_;
  const size_t parameter_count_;
  const bool large_;  // the parameters do not stay in cache
  size_t tile_rows_ = 0;
  size_t first_trainable_ = 0;
  bool batch_moments_ = false;  // some layer normalises batches when learning
  Update<T> update_;
  SingleSample<T> single_;

  // Of the operation under way.
  bool sweeps_ = false;
  size_t sweep_rows_ = kSweepRows;

  std::vector<T> moments_;  // the running ones before a step of several batches

  size_t reserved_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> tiles_;  // one a thread
  std::vector<std::vector<T>> lanes_;            // (parameters) each
  std::vector<Totals> parts_;                    // one a tile of the batch
};

}  // namespace

template <typename T>
std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>& layers, const LossSpec& loss, T* parameters,
                               T* statistics) {
  return std::make_unique<PlanOf<T>>(layers, loss, parameters, statistics);
}

template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, const LossSpec&, double*, double*);
template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, const LossSpec&, float*, float*);

}  // namespace blasnet
