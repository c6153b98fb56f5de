#include "engine/plan.h"

#include <algorithm>
#include <cmath>

#include "engine/lbfgs.h"
#include "engine/pool.h"
#include "engine/tile.h"
#include "engine/tile_split.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

template <typename T>
class PlanOf final : public Plan {
 public:
  PlanOf(const NetworkSpec& spec, const LossSpec& loss, T* parameters, T* statistics)
      : loss_(loss),
        parameters_(parameters),
        statistics_(statistics),
        network_(LayOut(spec)),
        layer_parameters_(network_.parameter_count - network_.layers.front().weights),
        large_(network_.parameter_count * sizeof(T) >= kSweepBytes),
        update_(network_, parameters),
        single_(network_, loss.loss, parameters, statistics, 1) {
    tile_rows_ =
        large_ ? kSweepRows : std::clamp(kTileWork / (6 * layer_parameters_), kLeastTileRows, kMostTileRows);
    const std::vector<Layer>& layers = network_.layers;
    const auto trains =
        std::find_if(layers.begin(), layers.end(), [](const Layer& l) { return l.trainable; });
    first_trainable_ = static_cast<size_t>(trains - layers.begin());
    for (const Layer& layer : layers) batch_moments_ |= layer.UsesBatchMoments();
    if (batch_moments_) moments_.resize(network_.statistic_count);
  }

  Outcome Predict(const void* x_data, const int32_t* codes, size_t rows, void* out_data) override {
    const Source<T> source{static_cast<const T*>(x_data), codes};
    T* out = static_cast<T*>(out_data);
    if (rows == 1) return PredictOne(source, out);
    const TileSplit<T> split = SplitRows<T>(rows, tile_rows_);
    std::vector<Outcome> found(split.count);
    Pass pass;
    pass.predicts = true;
    const bool whole = ForEachTile(split, [&](Tile<T>& tile, size_t i) {
      const size_t row = split.Start(i), m = split.Start(i + 1) - row;
      found[i] = CheckInputs(source, row, m);
      if (found[i].status != Status::kDone) return;
      tile.Load(source, row, m, pass, row);
      Forward(tile);
      tile.Store(out + row * Outputs());
    });
    for (const Outcome& outcome : found) {
      if (outcome.status != Status::kDone) return outcome;
    }
    return {whole ? Status::kDone : Status::kStopped};
  }

  Outcome Evaluate(Samples samples, Totals* totals) override {
    const Outcome outcome = Check(samples);
    if (outcome.status != Status::kDone) return outcome;
    const TileSplit<T> split = SplitRows<T>(samples.rows, tile_rows_);
    const Source<T> source = SourceOf(samples, nullptr);
    std::vector<Totals> parts(split.count);
    const bool whole = ForEachTile(split, [&](Tile<T>& tile, size_t i) {
      const size_t row = split.Start(i);
      tile.Load(source, row, split.Start(i + 1) - row, Pass{}, row);
      Forward(tile);
      tile.ComputeLoss(loss_, T{0}, &parts[i]);
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
    pass.training = true;
    size_t parts = 0;
    const Batch batch{SourceOf(samples, nullptr), 0, samples.rows, samples.rows, false};
    const Outcome gradient = SumGradients(batch, pass, totals, &parts);
    // A loss that is not finite has gradients all the same: the caller sees both.
    if (gradient.status == Status::kStopped) return gradient;
    T* out = static_cast<T*>(gradients);
    std::fill_n(out, network_.parameter_count, T{0});
    const double penalty = update_.Run(partial_gradients_, parts, EffectiveThreads(ThreadLimit()), {},
                                       [&](size_t from, size_t size) {
                                         std::copy_n(partial_gradients_[0].data() + from, size, out + from);
                                       });
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
    pass.training = true;
    pass.stochastic = true;
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      const uint32_t* order = request.order == nullptr ? nullptr : request.order + epoch * rows;
      const Source<T> source = SourceOf(request.samples, order);
      *totals = {};
      size_t batch = 0;
      for (size_t start = request.from; start < request.to; start += group) {
        const size_t size = std::min(group, request.to - start);
        // A step's own sums first, so that an epoch adds up to the same bits when it goes step by step.
        Totals sums;
        size_t most_parts = 0;
        if (batch_moments_ && request.accumulate > 1)
          std::copy_n(statistics_, moments_.size(), moments_.data());
        for (size_t at = 0; at < size; at += request.batch_size, batch++) {
          pass.key = SubKey(request.key, batches++, 0);
          size_t parts = 0;
          const Batch part{source, start + at, std::min(request.batch_size, size - at), size, at > 0};
          const Outcome outcome = SumGradients(part, pass, &sums, &parts);
          if (outcome.status != Status::kDone) {
            // The group's step is not taken, nor is what its batches before did.
            if (at > 0) std::copy(moments_.begin(), moments_.end(), statistics_);
            const size_t before = outcome.status == Status::kStopped ? at / request.batch_size : 0;
            return {outcome.status, 0, epoch, batch - before, outcome.layer};
          }
          most_parts = std::max(most_parts, parts);
          if (batch_moments_) tiles_[0]->UpdateStatistics(statistics_);
        }
        const size_t step = steps - request.steps;
        const double rate = request.learning_rates[std::min(step, request.rate_count - 1)];
        sums.loss += Step(request, rate, ++steps, most_parts) * static_cast<double>(size);
        Add(sums, totals);
      }
      // The next loss would tell, if there is one.
      const size_t bad = FirstNonFinite(parameters_, network_.parameter_count);
      if (bad != network_.parameter_count) return {Status::kOverflowed, bad, epoch};
      const double count = static_cast<double>(request.to - request.from);
      request.loss[epoch] = totals->loss / count;
      request.hit_share[epoch] = static_cast<double>(totals->hits) / count;
    }
    return {Status::kDone, 0, request.epochs};
  }

 private:
  struct Batch {
    Source<T> source;
    size_t start;  // its first sample
    size_t rows;
    size_t step_rows;  // of all batches of the step
    bool accumulate;   // not the step's first
  };

  size_t Outputs() const { return network_.Outputs(); }

  static Source<T> SourceOf(const Samples& samples, const uint32_t* order) {
    return {static_cast<const T*>(samples.x), samples.codes, samples.y,
            static_cast<const T*>(samples.weights), order};
  }

  static void Add(const Totals& part, Totals* totals) {
    totals->loss += part.loss;
    totals->hits += part.hits;
  }

  // As many threads as some rows are worth; a forward pass takes 2 operations a parameter, a step 6.
  size_t ThreadsFor(size_t rows, size_t operations) const {
    return rows * layer_parameters_ * operations < kParallelWork ? 1 : EffectiveThreads(ThreadLimit());
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
          std::make_unique<Tile<T>>(network_, loss_.loss, parameters_, statistics_, reserved_rows_));
    }
  }

  // body(tile, i) for every tile of a forward pass, unless stopped; whether all were done. A sweep shares out
  // what is in a tile, the other schedule the tiles.
  template <class F>
  bool ForEachTile(TileSplit<T> split, const F& body) {
    sweeps_ = large_;
    const size_t most = sweeps_ ? 1 : std::min(split.count, ThreadsFor(split.rows, 2));
    sweep_rows_ = std::min(split.rows, tile_rows_);
    ReserveTiles(most, sweep_rows_);
    ParallelFor(most, split.count, [&](size_t i, size_t slot) {
      if (!Stopped()) body(*tiles_[slot], i);
    });
    return !Stopped();
  }

  // The threads that share a layer when sweeping.
  size_t ThreadsForUnits(const Layer& layer) const {
    return sweep_rows_ * (layer.end - layer.weights) * 2 < kParallelWork ? 1 : ThreadLimit();
  }

  // Forward through all segments: of one that may be cut, blocks of units go to several threads when
  // sweeping.
  void Forward(Tile<T>& tile) {
    const std::vector<Segment<T>>& segments = tile.Segments();
    for (size_t s = 1; s < segments.size(); s++) {
      const Segment<T>& segment = segments[s];
      const size_t units = segment.units;
      if (!sweeps_ || segment.affine == nullptr) {
        tile.Forward(segment, 0, units);
        continue;
      }
      const size_t threads = ThreadsForUnits(segment.affine->layer());
      ParallelFor(threads, Blocks(units, kSweepUnits), [&](size_t i, size_t) {
        if (!Stopped()) tile.Forward(segment, i * kSweepUnits, std::min(units, (i + 1) * kSweepUnits));
      });
    }
  }

  // Back through the segments, from the loss to the first layer that is trained. The gradient by what goes
  // into a segment is that by what the segment before makes, whose tail follows unit by unit.
  void Backward(Tile<T>& tile, bool accumulate, T* gradients) {
    const std::vector<Segment<T>>& segments = tile.Segments();
    size_t layers_left = network_.layers.size();
    if (first_trainable_ == layers_left) return;
    bool tail_done = false;
    for (size_t s = segments.size(); s-- > 0;) {
      const Segment<T>& segment = segments[s];
      if (!tail_done) tile.BackwardTail(segment, 0, segment.units, accumulate, gradients);
      tail_done = false;
      if (segment.affine == nullptr) {
        tile.BackwardHead(segment, 0, segment.units, accumulate, gradients);
        continue;
      }
      layers_left--;
      const bool is_last =
          layers_left == first_trainable_ && !(layers_left == 0 && network_.TrainsEmbeddings());
      tail_done = BackwardLayer(tile, segment, segments[s - 1], !is_last, accumulate, gradients);
      if (is_last) return;
    }
  }

  // Back through a layer's affine stage: the gradients of its weights and, if `to_input`, of its input, after
  // which the tail of the segment before follows where that one may be cut. Whether it did.
  bool BackwardLayer(Tile<T>& tile, const Segment<T>& segment, const Segment<T>& before, bool to_input,
                     bool accumulate, T* gradients) {
    const Layer& layer = segment.affine->layer();
    const bool with_tail = before.affine != nullptr;
    const auto of_weights = [&](size_t from, size_t to) {
      tile.WeightGradients(segment, from, to, accumulate, gradients);
    };
    const auto of_input = [&](size_t from, size_t to) {
      tile.BackwardHead(segment, from, to, accumulate, gradients);
      if (with_tail) tile.BackwardTail(before, from, to, accumulate, gradients);
    };
    // Of the network's input only the tables learn.
    const size_t first = segment.affine == tile.Segments()[1].affine ? network_.numbers : 0;
    const size_t out = layer.trainable ? layer.outputs : 0, in = to_input ? layer.inputs - first : 0;
    if (!sweeps_) {
      if (out > 0) of_weights(0, out);
      if (in > 0) of_input(first, first + in);
    } else {
      // Both kinds of blocks in one loop: neither needs the other's result.
      const size_t inputs = Blocks(in, kSweepUnits);
      ParallelFor(ThreadsForUnits(layer), inputs + Blocks(out, kSweepUnits), [&](size_t i, size_t) {
        if (Stopped()) return;
        const size_t from = (i < inputs ? i : i - inputs) * kSweepUnits;
        if (i < inputs) {
          of_input(first + from, first + std::min(in, from + kSweepUnits));
        } else {
          of_weights(from, std::min(out, from + kSweepUnits));
        }
      });
    }
    return with_tail;
  }

  // Adds a batch's share of the gradient of the step's mean loss to the first `parts` partial gradients, or
  // writes it.
  Outcome SumGradients(const Batch& batch, const Pass& pass, Totals* totals, size_t* parts) {
    const bool whole = pass.training && batch_moments_;
    sweeps_ = large_ || whole;
    const size_t tile_rows = whole ? batch.rows : tile_rows_;
    const TileSplit<T> split = SplitRows<T>(batch.rows, tile_rows);
    const size_t part_count = sweeps_ ? 1 : std::min(split.count, kMostPartialGradients);
    const size_t most = sweeps_ ? 1 : std::min(part_count, ThreadsFor(batch.rows, 6));
    while (partial_gradients_.size() < part_count) partial_gradients_.emplace_back(network_.parameter_count);
    ReserveTiles(most, std::min(batch.rows, tile_rows));
    sweep_rows_ = std::min(batch.rows, tile_rows);
    parts_.assign(split.count, Totals{});
    const T scale = T{1} / static_cast<T>(batch.step_rows);
    ParallelFor(most, part_count, [&](size_t part, size_t slot) {
      const size_t first = split.count * part / part_count, end = split.count * (part + 1) / part_count;
      for (size_t i = first; i < end && !Stopped(); i++) {
        Tile<T>& tile = *tiles_[slot];
        LoadTile(tile, batch, split, i, pass);
        Forward(tile);
        tile.ComputeLoss(loss_, scale, &parts_[i]);
        Backward(tile, batch.accumulate || i > first, partial_gradients_[part].data());
      }
    });
    if (Stopped()) return {Status::kStopped};
    *parts = part_count;
    for (size_t i = 0; i < split.count; i++) {
      Add(parts_[i], totals);
      if (!std::isfinite(parts_[i].loss)) return Diverged(batch, split, i, pass);
    }
    return {};
  }

  static void LoadTile(Tile<T>& tile, const Batch& batch, const TileSplit<T>& split, size_t i,
                       const Pass& pass) {
    const size_t row = split.Start(i);
    tile.Load(batch.source, batch.start + row, split.Start(i + 1) - row, pass, row);
  }

  // Once more through the tile that diverged, for the layer where it began.
  Outcome Diverged(const Batch& batch, const TileSplit<T>& split, size_t i, const Pass& pass) {
    Tile<T>& tile = *tiles_[0];
    LoadTile(tile, batch, split, i, pass);
    Forward(tile);
    return {Status::kDiverged, 0, 0, 0, tile.FirstBadLayer() + 1};
  }

  // Once more through the batch, for its moments under the parameters as they are now: the last point of a
  // line search need not be the one it takes. False when stopped.
  bool UpdateMoments(const Batch& batch, const Pass& pass) {
    Totals ignored;
    size_t parts = 0;
    if (SumGradients(batch, pass, &ignored, &parts).status == Status::kStopped) return false;
    tiles_[0]->UpdateStatistics(statistics_);
    return true;
  }

  // A step an epoch. The first point of a call is evaluated anew, lest somebody changed the parameters.
  Outcome TrainByLbfgs(const TrainRequest& request) {
    const uint32_t* order = request.order;
    const size_t rows = request.to - request.from;
    const Batch batch{SourceOf(request.samples, order), request.from, rows, rows, false};
    Pass pass;
    pass.training = true;
    const LbfgsOptions& options = std::get<LbfgsOptions>(request.optimizer);
    T* state = static_cast<T*>(request.state);
    // Layers may have been frozen since the steps that it remembers.
    for (size_t i = 0; i < LbfgsArrays(options.History()); i++) {
      update_.ClearFrozen(state + i * network_.parameter_count);
    }
    Lbfgs<T> lbfgs(options, network_.parameter_count, parameters_, state);
    size_t bad_layer = network_.layers.size();
    const auto evaluate = [&](T* gradients, LbfgsPoint* point) {
      Totals totals;
      size_t parts = 0;
      const Outcome outcome = SumGradients(batch, pass, &totals, &parts);
      if (outcome.status == Status::kStopped) return false;
      if (outcome.status == Status::kDiverged) bad_layer = outcome.layer;
      const double penalty = update_.Run(
          partial_gradients_, parts, EffectiveThreads(ThreadLimit()), {}, [&](size_t from, size_t size) {
            std::copy_n(partial_gradients_[0].data() + from, size, gradients + from);
          });
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

  // One step with the gradient in the parts; `step` counts from 1. Returns the penalty of the weights before.
  double Step(const TrainRequest& request, double rate, size_t step, size_t parts) {
    const auto constants = ConstantsOf<T>(std::get<FirstOrderOptions>(request.optimizer), rate, step);
    T* state = static_cast<T*>(request.state);
    const T* gradients = partial_gradients_[0].data();
    const size_t threads = EffectiveThreads(ThreadLimit());
    const double penalty =
        update_.Run(partial_gradients_, parts, threads, request.clipping, [&](size_t from, size_t size) {
          T* states = state == nullptr ? nullptr : state + from;
          UpdateParameters(constants, size, parameters_ + from, gradients + from, states,
                           network_.parameter_count);
        });
    update_.LimitNorms(threads);
    return penalty;
  }

  // One sample's tile is kept, since preparing one would take longer than the arithmetic.
  Outcome PredictOne(const Source<T>& source, T* out) {
    const Outcome outcome = CheckInputs(source, 0, 1);
    if (outcome.status == Status::kDone) single_.PredictOne(source, out);
    return outcome;
  }

  // Whether rows row .. row + m are numbers, and their codes codes.
  Outcome CheckInputs(const Source<T>& source, size_t row, size_t m) const {
    const size_t start = row * network_.numbers, size = m * network_.numbers;
    const size_t bad = FirstNonFinite(source.x + start, size);
    if (bad != size) return {Status::kInputNotFinite, start + bad};
    if (network_.embeddings.empty()) return {};
    const size_t codes = network_.embeddings.size();
    for (size_t i = row * codes; i < (row + m) * codes; i++) {
      const int32_t code = source.codes[i];
      if (code < kUnknownCode || code >= static_cast<int64_t>(network_.embeddings[i % codes].categories)) {
        return {Status::kCodeOutside, i};
      }
    }
    return {};
  }

  Outcome Check(const Samples& samples) {
    const Source<T> source = SourceOf(samples, nullptr);
    // In pieces, so that a stop is noticed soon also on large data.
    const size_t piece = std::max<size_t>(1, kPiece / std::max<size_t>(1, network_.numbers));
    for (size_t row = 0; row < samples.rows && !Stopped(); row += piece) {
      const Outcome outcome = CheckInputs(source, row, std::min(piece, samples.rows - row));
      if (outcome.status != Status::kDone) return outcome;
    }
    const size_t count = samples.rows * (TakesClasses(loss_.loss) ? 1 : Outputs());
    for (size_t i = 0; i < count && !Stopped(); i += kPiece) {
      const size_t size = std::min(kPiece, count - i);
      const size_t bad = TakesClasses(loss_.loss)
                             ? FirstBadClass(static_cast<const int32_t*>(samples.y) + i, Outputs(), size)
                             : FirstBadLabel(TraitsOf(loss_.loss).labels, Outputs(),
                                             static_cast<const T*>(samples.y) + i, size);
      if (bad != size) return {Status::kLabelOutside, i + bad};
    }
    return {Stopped() ? Status::kStopped : Status::kDone};
  }

  static constexpr size_t kPiece = size_t{1} << 20;

  const LossSpec loss_;
  T* const parameters_;
  T* const statistics_;
  const Network network_;
  const size_t layer_parameters_;  // without the tables, of which a sample reads a few rows
  const bool large_;               // the parameters do not stay in cache
  size_t tile_rows_ = 0;
  size_t first_trainable_ = 0;
  bool batch_moments_ = false;  // some layer normalises batches when learning
  Update<T> update_;
  Tile<T> single_;  // for one sample

  // Of the operation under way.
  bool sweeps_ = false;
  size_t sweep_rows_ = kSweepRows;

  std::vector<T> moments_;  // the running ones before a step of several batches

  size_t reserved_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> tiles_;    // one a thread
  std::vector<std::vector<T>> partial_gradients_;  // (parameters) each
  std::vector<Totals> parts_;                      // one a tile of the batch
};

}  // namespace

template <typename T>
std::unique_ptr<Plan> MakePlan(const NetworkSpec& network, const LossSpec& loss, T* parameters,
                               T* statistics) {
  return std::make_unique<PlanOf<T>>(network, loss, parameters, statistics);
}

template std::unique_ptr<Plan> MakePlan(const NetworkSpec&, const LossSpec&, double*, double*);
template std::unique_ptr<Plan> MakePlan(const NetworkSpec&, const LossSpec&, float*, float*);

}  // namespace blasnet
