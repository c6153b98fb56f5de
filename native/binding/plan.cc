// The Plan class. Each operation runs in place and returns, or, with a callback as its last argument, runs
// on one of the addon's threads and calls back. Either way its outcome is in the plan's `outcome` array
// afterwards, and one operation may be under way at a time.
//
//   new Plan(sizes, layers, loss, parameters, statistics, outcome)
//     sizes        Int32Array (L + 1): inputs, then the outputs of each layer
//     layers       Float64Array (L * kLayerFields): see LayerField
//     loss         Float64Array (3): code, label smoothing, delta
//     parameters   Float64Array or Float32Array on a SharedArrayBuffer; gives the element type T
//     statistics   of T on a SharedArrayBuffer: running moments
//     outcome      Float64Array (kOutcomeFields): see OutcomeField
//   predict(X, rows, out, callback?)
//   pin(rows, X, out): arrays on SharedArrayBuffers for predictPinned
//   predictPinned(rows): the index of the first element of X that is not finite, or -1
//   evaluate(X, Y, weights or null, rows, callback?)
//   gradients(X, Y, weights or null, rows, out, callback?)
//   train(X, Y, weights or null, rows, order or null, optimizer, hyperparameters, state, learningRates,
//         settings, loss, hitShare, callback?)
//     hyperparameters  Float64Array (kHyperparameters)
//     settings     Float64Array (kTrainFields): see TrainField
//   limitThreads(threads), stop(), clearStop()
#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "engine/job_threads.h"
#include "engine/plan.h"

namespace blasnet {
namespace {

// What a layer is described by; lib/engine/plan.ts writes the same. A field that says yes or no is 1 or 0.
enum LayerField {
  kActivation,
  kAlpha,
  kNormalization,
  kNormalizationEpsilon,
  kNormalizationMomentum,
  kDropout,
  kNoise,
  kTrainable,
  kL1,
  kL2,
  kMaxNorm,
  kLayerFields
};

// The numbers of a training call; lib/training/run.ts writes the same.
enum TrainField {
  kEpochs,
  kFrom,
  kTo,
  kBatchSize,
  kAccumulate,
  kSteps,
  kBatches,
  kClipValue,
  kClipNorm,
  kKeyLow,
  kKeyHigh,
  kCheck,
  kTrainFields
};

constexpr size_t kMostSteps = size_t{1} << 53;

enum OutcomeField { kStatus, kIndex, kEpoch, kBatch, kLayer, kLoss, kHits, kOutcomeFields };

// What an operation found, or why it failed.
struct Result {
  Outcome outcome;
  Totals totals;
  std::string failure;
};

// What the thread of an asynchronous operation shares with the main thread.
struct Job {
  std::mutex mutex;
  std::condition_variable ended;
  bool running = false;
  Result result;
};

class PlanObject final : public Napi::ObjectWrap<PlanObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Plan",
                       {
                           InstanceMethod<&PlanObject::Predict>("predict"),
                           InstanceMethod<&PlanObject::Pin>("pin"),
                           InstanceMethod<&PlanObject::PredictPinned>("predictPinned"),
                           InstanceMethod<&PlanObject::Evaluate>("evaluate"),
                           InstanceMethod<&PlanObject::Gradients>("gradients"),
                           InstanceMethod<&PlanObject::Train>("train"),
                           InstanceMethod<&PlanObject::LimitThreads>("limitThreads"),
                           InstanceMethod<&PlanObject::Stop>("stop"),
                           InstanceMethod<&PlanObject::ClearStop>("clearStop"),
                       });
  }

  explicit PlanObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PlanObject>(info) {
    const Args args(info);
    const size_t layer_count = args.Length(1) / kLayerFields;
    if (layer_count == 0) throw args.Wrong(1, "at least one layer");
    const int32_t* sizes = args.Array<int32_t>(0, layer_count + 1);
    const double* fields = args.Array<double>(1, layer_count * kLayerFields);
    std::vector<LayerSpec> layers;
    size_t statistic_count = 0;
    for (size_t l = 0; l < layer_count; l++) {
      if (sizes[l] < 1 || sizes[l + 1] < 1) throw args.Wrong(0, "positive sizes");
      layers.push_back(LayerOf(args, fields + l * kLayerFields, sizes[l], sizes[l + 1]));
      statistic_count += StatisticCount(layers.back());
      // Layer by layer, so that the count cannot wrap around.
      parameter_count_ += ParameterCount(layers.back());
      if (parameter_count_ > kMostSize) throw args.Wrong(0, "sizes of fewer than 2^31 parameters");
    }
    const double* loss = args.Array<double>(2, 3);
    const LossSpec spec{EnumOf(args, 2, loss[0], kLastLoss), loss[1], loss[2]};
    inputs_ = layers.front().inputs;
    outputs_ = layers.back().outputs;
    takes_classes_ = TakesClasses(spec.loss);
    float32_ = args.IsFloat32(3);
    plan_ = float32_ ? MakePlan(layers, spec, args.Array<float>(3, parameter_count_),
                                args.Array<float>(4, statistic_count))
                     : MakePlan(layers, spec, args.Array<double>(3, parameter_count_),
                                args.Array<double>(4, statistic_count));
    outcome_ = args.Array<double>(5, kOutcomeFields);
    // A SharedArrayBuffer cannot be detached: references keep all where they are.
    for (size_t i = 0; i < kKept; i++) args.CheckShared(3 + i);
    for (size_t i = 0; i < kKept; i++) kept_[i] = Napi::Persistent(info[3 + i].As<Napi::Object>());
  }

  ~PlanObject() override {
    if (environment_ends_) return;
    // Node ignores the removal of a hook that was never added; Deno ends the process.
    if (!cleanup_hook_.IsEmpty()) cleanup_hook_.Remove(Env());
    if (on_main_thread_) on_main_thread_.Release();
  }

 private:
  using Operation = std::function<Outcome(Totals*)>;

  // Parameters, statistics, outcome.
  static constexpr size_t kKept = 3;

  template <typename E>
  static E EnumOf(const Args& args, size_t i, double value, E last) {
    if (!(value >= 0 && value <= static_cast<double>(last) && value == std::floor(value))) {
      throw args.Wrong(i, "names that exist");
    }
    return static_cast<E>(static_cast<int32_t>(value));
  }

  static LayerSpec LayerOf(const Args& args, const double* fields, int32_t inputs, int32_t outputs) {
    LayerSpec layer{static_cast<size_t>(inputs), static_cast<size_t>(outputs)};
    layer.activation = EnumOf(args, 1, fields[kActivation], kLastActivation);
    layer.alpha = fields[kAlpha];
    layer.normalization = EnumOf(args, 1, fields[kNormalization], Normalization::kLayer);
    layer.epsilon = fields[kNormalizationEpsilon];
    layer.momentum = fields[kNormalizationMomentum];
    layer.dropout = fields[kDropout];
    layer.noise = fields[kNoise];
    layer.trainable = fields[kTrainable] != 0;
    layer.l1 = fields[kL1];
    layer.l2 = fields[kL2];
    layer.max_norm = fields[kMaxNorm];
    return layer;
  }

  Napi::Value Predict(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args.Size(1);
    const void* x = Elements(args, 0, rows * inputs_);
    void* out = Elements(args, 2, rows * outputs_);
    return Start(info, 3, [=](Totals*) { return plan_->Predict(x, rows, out); });
  }

  void Pin(const Napi::CallbackInfo& info) {
    const Args args(info);
    // All checked before any is kept.
    const size_t rows = args.Size(0);
    args.CheckShared(1);
    args.CheckShared(2);
    const void* x = Elements(args, 1, rows * inputs_);
    void* out = Elements(args, 2, rows * outputs_);
    pinned_rows_ = rows;
    pinned_x_ = x;
    pinned_out_ = out;
    pinned_references_[0] = Napi::Persistent(info[1].As<Napi::Object>());
    pinned_references_[1] = Napi::Persistent(info[2].As<Napi::Object>());
  }

  // The way of a single call costs more than its arithmetic: one number in, one out.
  Napi::Value PredictPinned(const Napi::CallbackInfo& info) {
    if (busy_) throw Napi::Error::New(info.Env(), "blasnet native: the plan is busy");
    const size_t rows = Args(info).Size(0, pinned_rows_);
    const Result result =
        Complete([this, rows](Totals*) { return plan_->Predict(pinned_x_, rows, pinned_out_); });
    if (!result.failure.empty()) throw Napi::Error::New(info.Env(), result.failure);
    const bool bad = result.outcome.status == Status::kInputNotFinite;
    return Napi::Number::New(info.Env(), bad ? static_cast<double>(result.outcome.index) : -1);
  }

  Napi::Value Evaluate(const Napi::CallbackInfo& info) {
    const Samples samples = SamplesOf(Args(info));
    return Start(info, 4, [=](Totals* totals) { return plan_->Evaluate(samples, totals); });
  }

  Napi::Value Gradients(const Napi::CallbackInfo& info) {
    const Args args(info);
    const Samples samples = SamplesOf(args);
    void* gradients = Elements(args, 4, parameter_count_);
    return Start(info, 5, [=](Totals* totals) { return plan_->Gradients(samples, gradients, totals); });
  }

  Napi::Value Train(const Napi::CallbackInfo& info) {
    const Args args(info);
    TrainRequest request{};
    request.samples = SamplesOf(args);
    const size_t rows = request.samples.rows;
    const double* settings = args.Array<double>(9, kTrainFields);
    const auto size = [&](TrainField field, size_t least, size_t most) {
      const double value = settings[field];
      if (!(value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
            value == std::floor(value))) {
        throw args.Wrong(9, "sizes");
      }
      return static_cast<size_t>(value);
    };
    request.epochs = size(kEpochs, 0, kMostSize);
    request.to = size(kTo, 1, rows);
    request.from = size(kFrom, 0, request.to - 1);
    request.batch_size = size(kBatchSize, 1, kMostSize);
    request.accumulate = size(kAccumulate, 1, kMostSize);
    request.batches = size(kBatches, 0, kMostSteps);
    request.clipping = {settings[kClipValue], settings[kClipNorm]};
    request.key = {static_cast<uint32_t>(size(kKeyLow, 0, UINT32_MAX)),
                   static_cast<uint32_t>(size(kKeyHigh, 0, UINT32_MAX))};
    request.check = settings[kCheck] != 0;
    if (args.Has(4)) {
      const uint32_t* order = args.Array<uint32_t>(4, request.epochs * rows);
      for (size_t i = 0; i < request.epochs * rows; i++) {
        if (order[i] >= rows) throw args.Wrong(4, "indices of rows");
      }
      request.order = order;
    }
    request.optimizer = OptimizerOf(args, 5);
    request.optimizer.steps = size(kSteps, 0, kMostSteps);
    request.learning_rates = args.Array<double>(8, 1);
    request.rate_count = args.Length(8);
    request.loss = args.Array<double>(10, request.epochs);
    request.hit_share = args.Array<double>(11, request.epochs);
    return Start(info, 12, [=](Totals* totals) { return plan_->Train(request, totals); });
  }

  void LimitThreads(const Napi::CallbackInfo& info) {
    if (busy_) throw Napi::Error::New(info.Env(), "blasnet native: the plan is busy");
    plan_->LimitThreads(Args(info).Size(0));
  }

  void Stop(const Napi::CallbackInfo&) { plan_->Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { plan_->ClearStop(); }

  // The arguments (optimizer, hyperparameters, state).
  OptimizerRequest OptimizerOf(const Args& args, size_t i) const {
    OptimizerRequest request{};
    request.optimizer = args.Enum(i, kLastOptimizer);
    std::copy_n(args.Array<double>(i + 1, kHyperparameters), kHyperparameters,
                request.hyperparameters.begin());
    request.state =
        Elements(args, i + 2, StateSize(request.optimizer, request.hyperparameters.data(), parameter_count_));
    return request;
  }

  void* Elements(const Args& args, size_t i, size_t least) const {
    return float32_ ? static_cast<void*>(args.Array<float>(i, least))
                    : static_cast<void*>(args.Array<double>(i, least));
  }

  // The leading arguments (X, Y, weights or null, rows).
  Samples SamplesOf(const Args& args) const {
    const size_t rows = args.PositiveSize(3);
    const void* labels = takes_classes_ ? static_cast<const void*>(args.Array<int32_t>(1, rows))
                                        : Elements(args, 1, rows * outputs_);
    return {Elements(args, 0, rows * inputs_), labels, args.Has(2) ? Elements(args, 2, rows) : nullptr, rows};
  }

  // Runs the operation here, or on another thread when there is a callback at `callback_index`.
  Napi::Value Start(const Napi::CallbackInfo& info, size_t callback_index, Operation operation) {
    if (busy_) throw Napi::Error::New(info.Env(), "blasnet native: the plan is busy");
    if (!Args(info).Has(callback_index)) {
      const Result result = Complete(operation);
      if (!result.failure.empty()) throw Napi::Error::New(info.Env(), result.failure);
      Report(result);
      return info.Env().Undefined();
    }
    if (!info[callback_index].IsFunction()) {
      throw Args(info).Wrong(callback_index, "a function");
    }
    ConnectToMainThread(info.Env());
    Hold(info, callback_index);
    {
      // The thread of the last operation may be between its call and setting this to false.
      const std::lock_guard<std::mutex> lock(job_->mutex);
      job_->running = true;
    }
    try {
      RunJob([this, job = job_, main_thread = on_main_thread_, operation = std::move(operation)] {
        job->result = Complete(operation);
        // The call is made under the lock: an environment that ends waits for `running` and then takes the
        // main thread's queue away. From the call on, the main thread may drop this object; not the job.
        const std::lock_guard<std::mutex> lock(job->mutex);
        main_thread.NonBlockingCall(this, [](Napi::Env env, Napi::Function, PlanObject* self) {
          if (env != nullptr) self->Finish(env);
        });
        job->running = false;
        job->ended.notify_all();
      });
    } catch (const std::exception& error) {
      job_->running = false;
      LetGo(info.Env());
      throw Napi::Error::New(info.Env(), std::string("blasnet native: no thread: ") + error.what());
    }
    busy_ = true;
    return info.Env().Undefined();
  }

  // From before an operation starts until it has ended, the plan, the callback and the arrays must live, and
  // so must the process.
  void Hold(const Napi::CallbackInfo& info, size_t callback_index) {
    callback_ = Napi::Persistent(info[callback_index].As<Napi::Function>());
    held_ = Napi::Persistent(Napi::Array::New(info.Env(), callback_index));
    for (uint32_t i = 0; i < callback_index; i++) held_.Value().Set(i, info[i]);
    Ref();
    on_main_thread_.Ref(info.Env());
  }

  void LetGo(Napi::Env env) {
    on_main_thread_.Unref(env);
    callback_.Reset();
    held_.Reset();
    Unref();
  }

  static Result Complete(const Operation& operation) {
    Result result;
    try {
      result.outcome = operation(&result.totals);
    } catch (const std::exception& error) {
      result.failure = std::string("blasnet native: ") + error.what();
    }
    return result;
  }

  void Finish(Napi::Env env) {
    const Napi::Function callback = callback_.Value();
    LetGo(env);
    busy_ = false;
    const std::string failure = std::move(job_->result.failure);
    Report(job_->result);
    callback.Call({failure.empty() ? env.Undefined() : Napi::Error::New(env, failure).Value()});
  }

  void Report(const Result& result) {
    outcome_[kStatus] = static_cast<double>(result.outcome.status);
    outcome_[kIndex] = static_cast<double>(result.outcome.index);
    outcome_[kEpoch] = static_cast<double>(result.outcome.epoch);
    outcome_[kBatch] = static_cast<double>(result.outcome.batch);
    outcome_[kLayer] = static_cast<double>(result.outcome.layer);
    outcome_[kLoss] = result.totals.loss;
    outcome_[kHits] = static_cast<double>(result.totals.hits);
  }

  void ConnectToMainThread(Napi::Env env) {
    if (on_main_thread_) return;
    on_main_thread_ = Napi::ThreadSafeFunction::New(env, Napi::Function(), "blasnet", 0, 1);
    on_main_thread_.Unref(env);
    // After the thread-safe function's own hook, so before it when the environment ends (hooks run last in,
    // first out): by then no thread of ours may be about to call it.
    cleanup_hook_ = env.AddCleanupHook(EndWithEnvironment, this);
  }

  // The environment (a worker, or the process) ends while an operation may be running.
  static void EndWithEnvironment(PlanObject* self) {
    self->environment_ends_ = true;
    self->plan_->Stop();
    std::unique_lock<std::mutex> lock(self->job_->mutex);
    self->job_->ended.wait(lock, [self] { return !self->job_->running; });
  }

  std::unique_ptr<Plan> plan_;
  size_t inputs_ = 0;
  size_t outputs_ = 0;
  size_t parameter_count_ = 0;
  bool float32_ = false;
  bool takes_classes_ = false;
  double* outcome_ = nullptr;
  Napi::ObjectReference kept_[kKept];

  size_t pinned_rows_ = 0;
  const void* pinned_x_ = nullptr;
  void* pinned_out_ = nullptr;
  Napi::ObjectReference pinned_references_[2];

  // Of the asynchronous operation under way.
  const std::shared_ptr<Job> job_ = std::make_shared<Job>();
  bool busy_ = false;
  Napi::FunctionReference callback_;
  Napi::Reference<Napi::Array> held_;  // the operation's arguments
  Napi::ThreadSafeFunction on_main_thread_;
  Napi::Env::CleanupHook<void (*)(PlanObject*), PlanObject> cleanup_hook_;
  bool environment_ends_ = false;
};

}  // namespace

void ExportPlan(Napi::Env env, Napi::Object exports) { exports.Set("Plan", PlanObject::Define(env)); }

}  // namespace blasnet
