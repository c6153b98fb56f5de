// The Plan class. Its operations run as operations.h says; binding/records.h declares the records.
//
//   new Plan({ inputs, numeric, embeddings, layers, factors, loss, lossOptions, lossLevels, parameters,
//              statistics, versions, outcome })
//     inputs       the number of columns of X
//     numeric      Float64Array (NumericRecord), or empty: no numbers are embedded
//     embeddings   Float64Array (E * EmbeddingRecord)
//     layers       Float64Array (L * LayerRecord)
//     members      the number of members; 0: the network has none
//     factors      Float64Array (P * FactorsRecord): one per parameter, in their order; or empty: all are 1
//     loss         its number
//     lossOptions  Float64Array (LossOptions)
//     lossLevels   Float64Array: the levels of the loss quantile: one for each output, one for all, or none
//     parameters   Float64Array or Float32Array on a SharedArrayBuffer; its type is the element type T
//     statistics   of T on a SharedArrayBuffer: running moments
//     versions     null, or { control, stride }: `parameters` has the places of engine/versions.h, each with
//                  its statistics after its parameters, and no operation changes them
//     outcome      Float64Array (OutcomeRecord) on a SharedArrayBuffer
//   rowsOfRank(rows, rank, ranks): how many rows of a training's batch belong to this rank
//   version(): the number of the version that the last operation read; 0 without versions
//   predict(X, codes, rows, out, callback?)
//   pin(rows, X, codes, out): keeps arrays on SharedArrayBuffers, and returns a function that predicts them:
//     predict(rows): returns undefined; if an element of X is not finite, the index of the first such
//       element; if a code is invalid, -1 minus the index of the first such code
//   evaluate(X, codes, Y, weights or null, rows, callback?)
//   evaluateAndPredict(X, codes, Y, weights or null, rows, out, callback?): both by the same parameters
//   gradients(X, codes, Y, weights or null, rows, out, callback?)
//   inputGradients(X, codes, Y or null, output, rows, out, callback?)
//   train({ X, codes, Y, weights or null, order or null, numbers, options, state, learningRates,
//           decayFactors, dropoutFactors, losses, hitShares }, callback?)
//     numbers        Float64Array (TrainRecord)
//     order          Uint32Array (epochs * rows): each epoch's samples, in order
//     options        Float64Array with the optimiser's options
//     state          of T: the optimiser's state between steps
//     learningRates, decayFactors, dropoutFactors  Float64Array: one per step; further steps use the last one
//     losses, hitShares  Float64Array (epochs), written
//   release(): frees the workspace, unless an operation runs; the next one reserves it again
//   limitThreads(threads, low), stop(), clearStop()
//
// `codes` is an Int32Array (rows * E); without embeddings it is ignored.
#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/network_spec.h"
#include "binding/operations.h"
#include "binding/optimizers.h"
#include "binding/records.h"
#include "binding/workspaces.h"
#include "engine/plan.h"
#include "engine/versions.h"
#include "kernels/rows.h"

namespace blasnet {
namespace {

constexpr size_t kMostSteps = size_t{1} << 53;

class PlanObject final : public Operations<PlanObject>, private WorkspaceOwner {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Plan",
                       {
                           Method<&PlanObject::Predict>("predict"),
                           Method<&PlanObject::Pin>("pin"),
                           Method<&PlanObject::Evaluate>("evaluate"),
                           Method<&PlanObject::EvaluateAndPredict>("evaluateAndPredict"),
                           Method<&PlanObject::Gradients>("gradients"),
                           Method<&PlanObject::InputGradients>("inputGradients"),
                           Method<&PlanObject::Train>("train"),
                           Method<&PlanObject::RowsOfRank>("rowsOfRank"),
                           Method<&PlanObject::VersionOf>("version"),
                           Method<&PlanObject::Release>("release"),
                           Method<&PlanObject::LimitThreads>("limitThreads"),
                           Method<&PlanObject::Stop>("stop"),
                           Method<&PlanObject::ClearStop>("clearStop"),
                       });
  }

  explicit PlanObject(const Napi::CallbackInfo& info) try
      : Operations(info), workspaces_(*info.Env().GetInstanceData<std::shared_ptr<Workspaces>>()) {
    const Properties given(Args(info), 0,
                           {"inputs", "numeric", "embeddings", "layers", "members", "factors", "loss",
                            "lossOptions", "lossLevels", "parameters", "statistics", "versions", "outcome"});
    NetworkSpec network;
    network.input = InputOf(given["inputs"], given["numeric"], given["embeddings"]);
    parameter_count_ = network.input.numeric.Size();
    network.layers = LayersOf(network.input.Features(), given["layers"]);
    for (const EmbeddingSpec& embedding : network.input.embeddings) parameter_count_ += embedding.Size();
    size_t statistic_count = 0;
    for (const LayerSpec& layer : network.layers) {
      statistic_count += StatisticCount(layer);
      // Checked after each layer, so that the count cannot wrap around.
      parameter_count_ += ParameterCount(layer);
      if (parameter_count_ > kMostSize) throw given["layers"].Wrong("layers of fewer than 2^31 parameters");
    }
    AddMembers(given["members"], &network);
    network.factors = FactorsOf(LayOut(network).ranges.size(), given["factors"]);
    const LossSpec loss{given["loss"].Enum(kLastLoss), given["lossOptions"].Record<LossOptions>(),
                        LevelsOf(given["lossLevels"], network.layers.back().outputs)};
    numbers_ = network.input.numbers;
    codes_ = network.input.embeddings.size();
    outputs_ = network.layers.back().outputs;
    takes_classes_ = TakesClasses(loss.loss);
    const Argument parameters = given["parameters"], statistics = given["statistics"];
    float32_ = parameters.IsFloat32();
    const auto make = [&](auto* weights, auto* moments) {
      plans_.push_back(MakePlan(network, loss, weights, moments, control_));
    };
    if (given["versions"].Given()) {
      const Properties versions(given["versions"], {"control", "stride"});
      const Argument control = versions["control"];
      const size_t stride = versions["stride"].Size();
      if (parameter_count_ + statistic_count > stride)
        throw versions["stride"].Wrong("at least the number of parameters and statistics");
      void* const memory = Elements(parameters, Versions::kPlaces * stride);
      for (size_t place = 0; place < Versions::kPlaces; place++) {
        const auto at = [&](auto* weights) { make(weights, weights + parameter_count_); };
        if (float32_) at(static_cast<float*>(memory) + place * stride);
        if (!float32_) at(static_cast<double*>(memory) + place * stride);
      }
      versions_.emplace(control.Array<int32_t>(Versions::kControl));
      control.CheckShared();
      kept_[2] = Napi::Persistent(control.Object());
    } else if (float32_) {
      make(parameters.Array<float>(parameter_count_), statistics.Array<float>(statistic_count));
    } else {
      make(parameters.Array<double>(parameter_count_), statistics.Array<double>(statistic_count));
    }
    ReportTo(given["outcome"]);
    // A SharedArrayBuffer cannot be detached, so references keep the memory in place.
    const Argument kept[] = {parameters, statistics};
    for (const Argument& array : kept) array.CheckShared();
    for (size_t i = 0; i < 2; i++) kept_[i] = Napi::Persistent(kept[i].Object());
  } catch (...) {
    RethrowAsError(info.Env());
  }

  ~PlanObject() override {
    if (!plans_.empty()) workspaces_->Release(Env(), this);
  }

  void AfterOperation(const Failure& failure) {
    if (!uses_workspace_) return;
    // What the operation could reserve before memory was short is of no use, and others may need it.
    if (failure.kind == FailureKind::kMemory) return workspaces_->Release(Env(), this);
    workspaces_->Used(Env(), this);
  }

 private:
  bool Busy() const override { return Running(); }
  size_t WorkspaceBytes() const override {
    size_t bytes = 0;
    for (const auto& plan : plans_) bytes += plan->WorkspaceBytes();
    return bytes;
  }
  void ReleaseWorkspace() override {
    for (const auto& plan : plans_) plan->ReleaseWorkspace();
  }

  // Calls read(plan) with the plan whose parameters do not change meanwhile.
  template <class F>
  Outcome Read(const F& read) {
    if (!versions_) return read(*plans_[0]);
    const Versions::Claim claim(*versions_);
    version_ = claim.Version();
    return read(*plans_[claim.Place()]);
  }

  Napi::Value RowsOfRank(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t ranks = args[2].PositiveSize();
    CheckRanks(ranks, args[2]);
    const size_t rows = args[0].PositiveSize(), rank = args[1].Size(ranks - 1);
    return Napi::Number::New(info.Env(), static_cast<double>(plans_[0]->RowsOfRank(rows, rank, ranks)));
  }
  Napi::Value VersionOf(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), version_); }

  // Frees the workspace, unless an operation runs: then it stays.
  void Release(const Napi::CallbackInfo& info) {
    if (!Running()) workspaces_->Release(info.Env(), this);
  }

  // The last layer has a head for each member.
  void AddMembers(const Argument& members, NetworkSpec* network) {
    // So few that no count of parameters wraps around.
    constexpr size_t kMost = 10'000;
    network->members = members.Size(kMost);
    if (network->members == 0) return;
    LayerSpec& last = network->layers.back();
    const size_t before = ParameterCount(last);
    last.heads = network->members;
    parameter_count_ += ParameterCount(last) - before + network->members * network->input.Features();
    if (parameter_count_ > kMostSize) throw members.Wrong("so few that there are fewer than 2^31 parameters");
  }

  Napi::Value Predict(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args[2].Size();
    const void* x = Elements(args[0], rows * numbers_);
    const int32_t* codes = CodesOf(args[1], rows);
    void* out = Elements(args[3], rows * outputs_);
    return Run(info, 4, rows > 1,
               [=](Totals*) { return Read([&](Plan& plan) { return plan.Predict(x, codes, rows, out); }); });
  }

  Napi::Value Pin(const Napi::CallbackInfo& info) {
    const Args args(info);
    // Checks all arrays before it keeps any.
    const size_t rows = args[0].Size();
    const Argument x = args[1], codes = args[2], out = args[3];
    x.CheckShared();
    if (codes_ > 0) codes.CheckShared();
    out.CheckShared();
    const Pinned pinned{rows, Elements(x, rows * numbers_), CodesOf(codes, rows),
                        Elements(out, rows * outputs_)};
    const Napi::Value predict = PinnedFunction(info);
    pinned_ = pinned;
    pinned_references_[0] = Napi::Persistent(x.Object());
    if (codes_ > 0) pinned_references_[1] = Napi::Persistent(codes.Object());
    pinned_references_[2] = Napi::Persistent(out.Object());
    return predict;
  }

  // A function of this plan's own: to find the plan of a method's `this` takes as long as the rest of the
  // call. The function has the plan as a property that nothing can change, so the plan lives as long as it.
  Napi::Value PinnedFunction(const Napi::CallbackInfo& info) {
    const napi_env env = info.Env();
    napi_value function = nullptr;
    if (napi_create_function(env, "predict", NAPI_AUTO_LENGTH, PredictPinned, this, &function) != napi_ok)
      throw Napi::Error::New(env);
    napi_property_descriptor plan{};
    plan.utf8name = "plan";
    plan.value = info.This();
    plan.attributes = napi_default;
    if (napi_define_properties(env, function, 1, &plan) != napi_ok) throw Napi::Error::New(env);
    return {env, function};
  }

  static napi_value PredictPinned(napi_env env, napi_callback_info call) {
    return Napi::details::WrapCallback(env, [&]() -> napi_value {
      return Guarded(env, [&]() -> napi_value {
        size_t count = 1;
        napi_value rows = nullptr;
        void* plan = nullptr;
        if (napi_get_cb_info(env, call, &count, &rows, nullptr, &plan) != napi_ok) return nullptr;
        return static_cast<PlanObject*>(plan)->PredictPinned(Argument(env, rows, 0));
      });
    });
  }

  // For one row the call costs about as much as the arithmetic, so it takes and returns a single number, or
  // nothing.
  napi_value PredictPinned(const Argument& given) {
    const Napi::Env env = Env();
    CheckIdle(env);
    const size_t rows = given.Size(pinned_.rows);
    const Result result = Complete([this, rows](Totals*) {
      return Read([&](Plan& plan) { return plan.Predict(pinned_.x, pinned_.codes, rows, pinned_.out); });
    });
    uses_workspace_ = rows > 1;
    AfterOperation(result.failure);
    if (result.failure) throw ErrorOf(env, result.failure);
    const double index = static_cast<double>(result.outcome.index);
    switch (result.outcome.status) {
      case Status::kInputNotFinite:
        return Napi::Number::New(env, index);
      case Status::kCodeOutside:
        return Napi::Number::New(env, -1 - index);
      default:
        return nullptr;
    }
  }

  Napi::Value Evaluate(const Napi::CallbackInfo& info) {
    const Args args(info);
    const Samples samples = SamplesOf(args[0], args[1], args[2], args[3], args[4].PositiveSize());
    return Run(info, 5, true, [=](Totals* totals) {
      return Read([&](Plan& plan) { return plan.Evaluate(samples, totals); });
    });
  }

  Napi::Value EvaluateAndPredict(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args[4].PositiveSize();
    const Samples samples = SamplesOf(args[0], args[1], args[2], args[3], rows);
    void* out = Elements(args[5], rows * outputs_);
    return Run(info, 6, true, [=](Totals* totals) {
      return Read([&](Plan& plan) {
        const Outcome evaluated = plan.Evaluate(samples, totals);
        if (evaluated.status != Status::kDone) return evaluated;
        const Outcome predicted = plan.Predict(samples.x, samples.codes, rows, out);
        return predicted.status == Status::kDone ? evaluated : predicted;
      });
    });
  }

  Napi::Value Gradients(const Napi::CallbackInfo& info) {
    const Args args(info);
    const Samples samples = SamplesOf(args[0], args[1], args[2], args[3], args[4].PositiveSize());
    void* gradients = Elements(args[5], parameter_count_);
    return Run(info, 6, true, [=](Totals* totals) {
      return Read([&](Plan& plan) { return plan.Gradients(samples, gradients, totals); });
    });
  }

  Napi::Value InputGradients(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args[4].PositiveSize();
    Samples samples{Elements(args[0], rows * numbers_), CodesOf(args[1], rows), nullptr, nullptr, rows};
    if (args[2].Given()) samples.y = LabelsOf(args[2], rows);
    const size_t output = args[3].Size(outputs_ - 1);
    void* out = Elements(args[5], rows * numbers_);
    return Run(info, 6, true, [=](Totals*) {
      return Read([&](Plan& plan) { return plan.InputGradients(samples, output, out); });
    });
  }

  Napi::Value Train(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0,
                           {"X", "codes", "Y", "weights", "order", "numbers", "options", "state",
                            "learningRates", "decayFactors", "dropoutFactors", "losses", "hitShares"});
    const Argument numbers = given["numbers"];
    if (versions_) throw numbers.Wrong("left out of a plan that reads versions");
    const auto record = numbers.Record<TrainRecord>();
    TrainRequest request{};
    const size_t rows = numbers.SizeOf(record.rows, 1, kMostSize);
    request.samples = SamplesOf(given["X"], given["codes"], given["Y"], given["weights"], rows);
    request.epochs = numbers.SizeOf(record.epochs, 0, kMostSize);
    const size_t ranks = numbers.SizeOf(record.ranks, 0, 2);
    const bool elsewhere = Args(info)[1].Given();
    if (ranks != 0) {
      request.ranks = &Group::OfProcess();
      if (!elsewhere) throw numbers.Wrong("of no ranks, without a callback");
      CheckRanks(request.ranks->Size(), numbers);
      request.own_rows = ranks == 2;
    }
    request.to = numbers.SizeOf(record.to, 1, request.own_rows ? rows * request.ranks->Size() : rows);
    request.from = numbers.SizeOf(record.from, 0, request.to - 1);
    request.batch_size = numbers.SizeOf(record.batch_size, 1, kMostSize);
    request.accumulate = numbers.SizeOf(record.accumulate, 1, kMostSize);
    request.batches = numbers.SizeOf(record.batches, 0, kMostSteps);
    request.clipping = {record.clip_value, record.clip_norm};
    request.key = {static_cast<uint32_t>(numbers.SizeOf(record.key_low, 0, UINT32_MAX)),
                   static_cast<uint32_t>(numbers.SizeOf(record.key_high, 0, UINT32_MAX))};
    request.check = record.check != 0;
    request.before.loss = record.loss_before;
    request.before.hits = numbers.SizeOf(record.hits_before, 0, kMostSteps);
    // A job thread checks the order itself.
    if (given["order"].Given()) {
      request.order = given["order"].Array<uint32_t>(request.epochs * rows);
      if (!elsewhere && !HasRowsAlone(request)) throw given["order"].Wrong("indices of rows");
    }
    request.steps = numbers.SizeOf(record.steps, 0, kMostSteps);
    request.optimizer =
        ReadOptimizer(numbers.SizeOf(record.optimizer, 0, kOptimizerCount - 1), given["options"]);
    request.state = Elements(given["state"], StateSize(request.optimizer, parameter_count_));
    request.learning_rates = PerStepOf(given["learningRates"]);
    request.decay_factors = PerStepOf(given["decayFactors"]);
    request.dropout_factors = PerStepOf(given["dropoutFactors"]);
    request.loss = given["losses"].Array<double>(request.epochs);
    request.hit_share = given["hitShares"].Array<double>(request.epochs);
    return Run(
        info, 1, true,
        [=](Totals* totals) {
          if (elsewhere && !HasRowsAlone(request))
            throw std::out_of_range("`order` must have indices of rows");
          return plans_[0]->Train(request, totals);
        },
        given.Values(), ranks == 0 ? RunJob : RunOnGroup);
  }

  static PerStep PerStepOf(const Argument& numbers) { return {numbers.Array<double>(1), numbers.Length()}; }
  static void CheckRanks(size_t ranks, const Argument& argument) {
    if (ranks > kMostLanes || (ranks & (ranks - 1)) != 0) throw argument.Wrong("of 1, 2, 4, 8 or 16 ranks");
  }
  static bool HasRowsAlone(const TrainRequest& request) {
    const size_t rows = request.samples.rows;
    return request.order == nullptr || AllBelow(request.order, request.epochs * rows, rows);
  }

  // Like Start. All operations use the workspace, except the prediction of one sample.
  template <class F>
  Napi::Value Run(const Napi::CallbackInfo& info, size_t callback_index, bool uses_workspace,
                  const F& operation, std::vector<Napi::Value> held = {}, JobRunner run = RunJob) {
    CheckIdle(info.Env());
    uses_workspace_ = uses_workspace;
    return Start(info, callback_index, operation, std::move(held), run);
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control().Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control().ClearStop(); }

  void* Elements(const Argument& array, size_t least) const {
    return float32_ ? static_cast<void*>(array.Array<float>(least))
                    : static_cast<void*>(array.Array<double>(least));
  }

  const int32_t* CodesOf(const Argument& codes, size_t rows) const {
    return codes_ == 0 ? nullptr : codes.Array<int32_t>(rows * codes_);
  }

  const void* LabelsOf(const Argument& y, size_t rows) const {
    return takes_classes_ ? static_cast<const void*>(y.Array<int32_t>(rows)) : Elements(y, rows * outputs_);
  }

  Samples SamplesOf(const Argument& x, const Argument& codes, const Argument& y, const Argument& weights,
                    size_t rows) const {
    return {Elements(x, rows * numbers_), CodesOf(codes, rows), LabelsOf(y, rows),
            weights.Given() ? Elements(weights, rows) : nullptr, rows};
  }

  Control control_;
  std::vector<std::unique_ptr<Plan>> plans_;  // one for each place of versions; one without versions
  std::optional<Versions> versions_;
  uint32_t version_ = 0;  // of the last operation
  const std::shared_ptr<Workspaces> workspaces_;
  bool uses_workspace_ = false;  // whether the last operation did
  size_t numbers_ = 0;           // columns of X
  size_t codes_ = 0;             // columns of codes
  size_t outputs_ = 0;
  size_t parameter_count_ = 0;
  bool float32_ = false;
  bool takes_classes_ = false;
  Napi::ObjectReference kept_[3];  // parameters, statistics, the control block of versions

  struct Pinned {
    size_t rows = 0;
    const void* x = nullptr;
    const int32_t* codes = nullptr;
    void* out = nullptr;
  };
  Pinned pinned_;
  Napi::ObjectReference pinned_references_[3];
};

}  // namespace

void ExportPlan(Napi::Env env, Napi::Object exports) { exports.Set("Plan", PlanObject::Define(env)); }

}  // namespace blasnet
