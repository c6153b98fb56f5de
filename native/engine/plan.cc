#include "engine/plan.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/checks.h"
#include "engine/lbfgs.h"
#include "engine/rank_sum.h"
#include "engine/tile_runner.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

template <typename T>
class PlanOf final : public Plan {
 public:
  PlanOf(const NetworkSpec& spec, const LossSpec& loss, T* parameters, T* statistics, const Control& control)
      : control_(control),
        loss_(loss),
        parameters_(parameters),
        statistics_(statistics),
        network_(LayOut(spec)),
        update_(network_, parameters),
        runner_(network_, loss_, parameters, statistics, control_),
        single_(network_, loss.loss, parameters, statistics, 1) {
    if (runner_.UsesBatchMoments()) moments_.resize(network_.statistic_count);
  }

  Outcome Predict(const void* x_data, const int32_t* codes, size_t rows, void* out_data) override {
    const Source<T> source{static_cast<const T*>(x_data), codes};
    T* out = static_cast<T*>(out_data);
    if (rows == 1) return PredictOne(source, out);
    const LaneSplit split = runner_.SplitForward(rows);
    std::vector<Outcome> found(split.count);
    Pass pass;
    pass.predicts = true;
    const bool whole = runner_.ForEachTile(split, [&](Tile<T>& tile, size_t i) {
      const size_t row = split.Start(i), m = split.Start(i + 1) - row;
      found[i] = CheckInputs(network_, source, row, m);
      if (found[i].status != Status::kDone) return;
      tile.Load(source, row, m, pass, row);
      runner_.Forward(tile);
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
    const std::vector<uint32_t> present = PresentRows(samples);
    totals->rows = present.empty() ? samples.rows : present.size();
    const LaneSplit split = runner_.SplitForward(totals->rows);
    const Source<T> source = SourceOf(samples, present.empty() ? nullptr : present.data());
    std::vector<Totals> parts(split.count);
    const bool whole = runner_.ForEachTile(split, [&](Tile<T>& tile, size_t i) {
      const size_t row = split.Start(i);
      tile.Load(source, row, split.Start(i + 1) - row, Pass{}, row);
      runner_.Forward(tile);
      tile.ComputeLoss(loss_, T{0}, &parts[i]);
    });
    if (!whole) return {Status::kStopped};
    totals->Add(
        SumOfNode({0, split.lanes}, [&](size_t lane) { return SumOfLane(split, lane, parts.data()); }));
    totals->loss += update_.Penalty() * static_cast<double>(totals->rows);
    return {};
  }

  Outcome Gradients(Samples samples, void* gradients, Totals* totals) override {
    const Outcome outcome = Check(samples);
    if (outcome.status != Status::kDone) return outcome;
    Pass pass;
    pass.training = true;
    const std::vector<uint32_t> present = PresentRows(samples);
    const size_t rows = present.empty() ? samples.rows : present.size();
    totals->rows = rows;
    const Batch<T> batch{SourceOf(samples, present.empty() ? nullptr : present.data()), 0, rows, rows};
    const Outcome gradient = SumGradients(Share{}, batch, 0, false, pass, totals);
    // Even a loss that is not finite has gradients: the caller gets both.
    if (gradient.status == Status::kStopped) return gradient;
    T* out = static_cast<T*>(gradients);
    std::fill_n(out, network_.parameter_count, T{0});
    const double penalty = CopyGradient(out);
    totals->loss += penalty * static_cast<double>(rows);
    return {};
  }

  Outcome InputGradients(Samples samples, size_t output, void* out_data) override {
    const bool of_loss = samples.y != nullptr;
    const Source<T> source = SourceOf(samples, nullptr);
    if (of_loss) {
      const Outcome outcome = Check(samples);
      if (outcome.status != Status::kDone) return outcome;
    }
    T* out = static_cast<T*>(out_data);
    const LaneSplit split = runner_.SplitByInputs(samples.rows);
    std::vector<Outcome> found(split.count);
    Pass pass;
    pass.predicts = !of_loss;
    pass.by_inputs = true;
    const bool whole = runner_.ForEachTileByInputs(split, [&](Tile<T>& tile, T* scratch, size_t i) {
      const size_t row = split.Start(i), m = split.Start(i + 1) - row;
      if (!of_loss) found[i] = CheckInputs(network_, source, row, m);
      if (found[i].status != Status::kDone) return;
      tile.Load(source, row, m, pass, row);
      for (size_t s = 1; s < tile.Segments().size(); s++) {
        tile.Forward(tile.Segments()[s], 0, tile.Segments()[s].units);
      }
      Totals ignored;
      if (of_loss) {
        tile.ComputeLoss(loss_, T{1}, &ignored);
      } else {
        tile.PickOutput(output);
      }
      tile.BackwardToInputs(scratch);
      tile.StoreInputGradients(out + row * network_.numbers);
    });
    for (const Outcome& outcome : found) {
      if (outcome.status != Status::kDone) return outcome;
    }
    return {whole ? Status::kDone : Status::kStopped};
  }

  size_t RowsOfRank(size_t rows, size_t rank, size_t ranks) const override {
    const LaneSplit split = runner_.SplitTraining(rows);
    const LaneNode node = NodeOf(split.lanes, rank, ranks);
    return split.Start(split.TileOf(node.end)) - split.Start(split.TileOf(node.first));
  }

  Outcome Train(const TrainRequest& request, Totals* totals) override {
    const size_t rows = request.samples.rows;
    if (request.check) {
      const Outcome outcome = Check(request.samples);
      if (outcome.status != Status::kDone) return outcome;
    }
    if (std::holds_alternative<LbfgsOptions>(request.optimizer)) return TrainByLbfgs(request);
    size_t steps = request.steps, batches = request.batches;
    const Share share = ShareOf(request);
    const size_t group = request.batch_size * request.accumulate;
    Pass pass;
    pass.training = true;
    pass.stochastic = true;
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      const uint32_t* order = request.order == nullptr ? nullptr : request.order + epoch * rows;
      const Source<T> source = SourceOf(request.samples, order);
      *totals = epoch == 0 ? request.before : Totals{};
      Totals own;
      size_t batch = 0;
      for (size_t start = request.from; start < request.to; start += group) {
        const size_t size = std::min(group, request.to - start);
        const size_t step = steps - request.steps;
        pass.dropout_factor = request.dropout_factors[step];
        // Each step has its own sums, so that an epoch adds up to the same bits when it is run step by step.
        Totals sums;
        if (runner_.UsesBatchMoments() && request.accumulate > 1)
          std::copy_n(statistics_, moments_.size(), moments_.data());
        for (size_t at = 0; at < size; at += request.batch_size, batch++) {
          pass.key = SubKey(request.key, batches++, 0);
          const Batch<T> part{source, start + at, std::min(request.batch_size, size - at), size};
          const bool first = start + at == 0;
          // If the step is not taken, its earlier batches must not change the running moments.
          const auto restore = [&] {
            if (at > 0) std::copy(moments_.begin(), moments_.end(), statistics_);
          };
          Outcome outcome;
          try {
            outcome = SumGradients(share, part, batches, first, pass, &sums);
            if (request.accumulate > 1 && outcome.status == Status::kDone) AddToStep(at > 0);
          } catch (...) {
            restore();
            throw;
          }
          if (outcome.status != Status::kDone) {
            restore();
            const size_t before = outcome.status == Status::kStopped ? at / request.batch_size : 0;
            return {outcome.status, 0, epoch, batch - before, outcome.layer};
          }
          if (runner_.UsesBatchMoments()) runner_.UpdateStatistics(statistics_);
        }
        sums.loss += Step(request, step) * static_cast<double>(size);
        steps++;
        totals->Add(sums);
        own.Add(sums);
      }
      // The next loss would show this, but the last epoch has none.
      const size_t bad = FirstNonFinite(parameters_, network_.parameter_count);
      if (bad != network_.parameter_count) return {Status::kOverflowed, bad, epoch};
      const double count = static_cast<double>(request.to - request.from);
      request.loss[epoch] = own.loss / count;
      request.hit_share[epoch] = static_cast<double>(own.hits) / count;
    }
    return {Status::kDone, 0, request.epochs};
  }

  // The tile for single samples is small, and belongs to the plan for good.
  size_t WorkspaceBytes() const override {
    return runner_.Bytes() + (step_gradient_.size() + 2 * rank_gradient_.size()) * sizeof(T);
  }
  void ReleaseWorkspace() override {
    runner_.Release();
    step_gradient_ = std::vector<T>();
    rank_gradient_ = std::vector<T>();
    rank_sum_ = RankSum<T>();
  }

 private:
  size_t Outputs() const { return network_.Outputs(); }

  static Source<T> SourceOf(const Samples& samples, const uint32_t* order) {
    return {static_cast<const T*>(samples.x),       samples.codes, samples.y,
            static_cast<const T*>(samples.weights), order,         samples.rows};
  }

  // The rows whose weight is not 0. Empty if that is all rows, or none: then all count.
  static std::vector<uint32_t> PresentRows(const Samples& samples) {
    const T* weights = static_cast<const T*>(samples.weights);
    if (weights == nullptr || std::find(weights, weights + samples.rows, T{0}) == weights + samples.rows) {
      return {};
    }
    std::vector<uint32_t> rows;
    for (size_t row = 0; row < samples.rows; row++) {
      if (weights[row] != 0) rows.push_back(static_cast<uint32_t>(row));
    }
    return rows;
  }

  // What this process computes of each batch.
  struct Share {
    Ranks* ranks = nullptr;  // null: all of it
    bool own_rows = false;   // see TrainRequest
    size_t full = 0;         // this rank's rows of a full batch
    size_t batch_size = 0;
    size_t samples = 0;
  };

  Share ShareOf(const TrainRequest& request) const {
    if (request.ranks == nullptr) return {};
    const size_t full = std::min(request.batch_size, request.to);
    return {request.ranks, request.own_rows, RowsOfRank(full, request.ranks->Rank(), request.ranks->Size()),
            request.batch_size, request.samples.rows};
  }

  // Computes a batch's gradient, into gradient_, and adds its losses to `totals`. If ranks share it, each
  // computes its node, and all have the sum. `number`: that of the batch, for messages; `compares`: whether
  // the ranks compare their parameters.
  Outcome SumGradients(const Share& share, Batch<T> batch, size_t number, bool compares, const Pass& pass,
                       Totals* totals) {
    if (share.ranks == nullptr) {
      const Outcome outcome = runner_.SumGradients(batch, pass, totals);
      gradient_ = runner_.Gradient();
      return outcome;
    }
    batch.rank = share.ranks->Rank();
    batch.ranks = share.ranks->Size();
    batch.others = share.ranks;
    if (share.own_rows) {
      // Row r of the batch, which is one of this rank's, becomes its row number `first` + r - rows.first.
      const LaneSplit split = runner_.SplitTraining(batch.rows);
      const LaneNode node = NodeOf(split.lanes, batch.rank, batch.ranks);
      const size_t from = split.Start(split.TileOf(node.first)), to = split.Start(split.TileOf(node.end));
      const size_t first = batch.start / share.batch_size * share.full;
      if (first + (to - from) > share.samples) throw std::out_of_range("a rank has too few rows of its own");
      batch.start = first - from;  // It may wrap around; the sum with a row does so back.
    }
    Totals own;
    const size_t size = network_.parameter_count, threads = control_.Threads();
    if (rank_gradient_.empty()) rank_gradient_.resize(size);
    if (runner_.UsesBatchMoments()) {
      runner_.ReserveForMoments(batch);
      if (share.ranks->MeetAtStep(number, control_.Stopped(), 0)) return {Status::kStopped};
    }
    const Outcome outcome = runner_.SumGradients(batch, pass, &own);
    if (outcome.status != Status::kStopped && runner_.Gradient().count > 0)
      update_.Sum(runner_.Gradient(), threads, false, rank_gradient_.data());
    const uint64_t checksum = compares ? ChecksumOf(parameters_, size) : 0;
    gradient_ = {1, {rank_gradient_.data()}};
    return rank_sum_.Sum(*share.ranks, runner_.SplitTraining(batch.rows).lanes, number, checksum, outcome,
                         own, threads, rank_gradient_.data(), size, totals);
  }

  // Runs the batch again, to compute its moments under the new parameters: the last point of a line search
  // may differ from the point that it returns. Returns false if stopped.
  bool UpdateMoments(const Share& share, const Batch<T>& batch, size_t number, const Pass& pass) {
    Totals ignored;
    if (SumGradients(share, batch, number, false, pass, &ignored).status == Status::kStopped) return false;
    runner_.UpdateStatistics(statistics_);
    return true;
  }

  // One step per epoch. Each call evaluates its first point again, because the caller may have changed the
  // parameters.
  Outcome TrainByLbfgs(const TrainRequest& request) {
    const uint32_t* order = request.order;
    const size_t rows = request.to - request.from;
    const Batch<T> batch{SourceOf(request.samples, order), request.from, rows, rows};
    Pass pass;
    pass.training = true;
    const LbfgsOptions& options = std::get<LbfgsOptions>(request.optimizer);
    T* state = static_cast<T*>(request.state);
    // Layers may have been frozen since the remembered steps.
    for (size_t i = 0; i < LbfgsArrays(options.History()); i++) {
      update_.ClearFrozen(state + i * network_.parameter_count);
    }
    Lbfgs<T> lbfgs(options, network_.parameter_count, parameters_, state);
    size_t bad_layer = network_.layers.size(), evaluations = 0;
    const Share share = ShareOf(request);
    const auto evaluate = [&](T* gradients, LbfgsPoint* point) {
      Totals totals;
      const Outcome outcome =
          SumGradients(share, batch, request.batches + evaluations, evaluations == 0, pass, &totals);
      evaluations++;
      if (outcome.status == Status::kStopped) return false;
      if (outcome.status == Status::kDiverged) bad_layer = outcome.layer;
      const double penalty = CopyGradient(gradients);
      *point = {totals.loss / static_cast<double>(rows) + penalty,
                static_cast<double>(totals.hits) / static_cast<double>(rows)};
      return true;
    };
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      LbfgsPoint before{};
      const LbfgsStatus status = lbfgs.Step(evaluate, &before);
      if (status == LbfgsStatus::kStopped) return {Status::kStopped, 0, epoch};
      if (status == LbfgsStatus::kDiverged) return {Status::kDiverged, 0, epoch, 0, bad_layer};
      if (runner_.UsesBatchMoments() && !UpdateMoments(share, batch, request.batches + evaluations++, pass))
        return {Status::kStopped, 0, epoch};
      request.loss[epoch] = before.loss;
      request.hit_share[epoch] = before.accuracy;
      if (status == LbfgsStatus::kConverged) return {Status::kConverged, 0, epoch + 1};
    }
    return {Status::kDone, 0, request.epochs};
  }

  // Writes the batch's gradient with penalties. Returns the penalty.
  double CopyGradient(T* out) {
    return update_.Run(gradient_, control_.Threads(), {},
                       [out](size_t from, size_t size, size_t, const T* gradients) {
                         std::copy_n(gradients, size, out + from);
                       });
  }

  // A step of several batches: its gradient is the sum of theirs, in their order.
  void AddToStep(bool accumulate) {
    if (step_gradient_.empty()) step_gradient_.resize(network_.parameter_count);
    update_.Sum(gradient_, control_.Threads(), accumulate, step_gradient_.data());
  }

  // Takes the request's step number `step`, from 0. Returns the penalty of the weights before it.
  double Step(const TrainRequest& request, size_t step) {
    const FirstOrderOptions& options = std::get<FirstOrderOptions>(request.optimizer);
    constants_.clear();
    for (const ParameterFactors& factors : update_.Groups()) {
      const double rate = request.learning_rates[step] * factors.learning_rate;
      const double decay = request.decay_factors[step] * factors.weight_decay;
      constants_.push_back(ConstantsOf<T>(WithDecay(options, decay), rate, request.steps + step + 1));
    }
    T* state = static_cast<T*>(request.state);
    const size_t threads = control_.Threads();
    NodeGradient<T> gradient = gradient_;
    if (request.accumulate > 1) gradient = {1, {step_gradient_.data()}};
    const double penalty = update_.Run(gradient, threads, request.clipping,
                                       [&](size_t from, size_t size, size_t group, const T* gradients) {
                                         T* states = state == nullptr ? nullptr : state + from;
                                         UpdateParameters(constants_[group], size, parameters_ + from,
                                                          gradients, states, network_.parameter_count);
                                       });
    update_.LimitNorms(threads);
    return penalty;
  }

  // Single samples have their own tile: preparing a tile takes longer than their arithmetic.
  Outcome PredictOne(const Source<T>& source, T* out) {
    const Outcome outcome = CheckInputs(network_, source, 0, 1);
    if (outcome.status == Status::kDone) single_.PredictOne(source, out);
    return outcome;
  }

  Outcome Check(const Samples& samples) const {
    return CheckSamples(network_, loss_.loss, SourceOf(samples, nullptr), samples.rows, control_);
  }

  const Control& control_;
  const LossSpec loss_;
  T* const parameters_;
  T* const statistics_;
  const Network network_;
  Update<T> update_;
  TileRunner<T> runner_;
  Tile<T> single_;                           // for predictions of one sample
  std::vector<StepConstants<T>> constants_;  // of a step, one per group of parameters
  NodeGradient<T> gradient_;                 // of a batch
  std::vector<T> step_gradient_;             // of a step of several batches
  std::vector<T> rank_gradient_;             // of a batch that ranks share
  RankSum<T> rank_sum_;
  std::vector<T> moments_;  // the running moments before a step of several batches
};

}  // namespace

template <typename T>
std::unique_ptr<Plan> MakePlan(const NetworkSpec& network, const LossSpec& loss, T* parameters, T* statistics,
                               const Control& control) {
  return std::make_unique<PlanOf<T>>(network, loss, parameters, statistics, control);
}

template std::unique_ptr<Plan> MakePlan(const NetworkSpec&, const LossSpec&, double*, double*,
                                        const Control&);
template std::unique_ptr<Plan> MakePlan(const NetworkSpec&, const LossSpec&, float*, float*, const Control&);

}  // namespace blasnet
