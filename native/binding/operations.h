// Operations of native objects. An operation works in place. It returns when it is done, or, if its call has
// a callback, runs on a job thread and then calls back. Either way, its result is in the object's `outcome`
// array afterwards. An object runs one operation at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/failure.h"
#include "binding/records.h"
#include "distributed/group.h"
#include "engine/control.h"
#include "engine/job_threads.h"
#include "engine/outcome.h"
#include "kernels/losses.h"

namespace blasnet {

// The result of an operation, or its failure.
struct Result {
  Outcome outcome;
  Totals totals;
  Failure failure;
};

// Runs a job on a thread that is not JavaScript's.
using JobRunner = void (*)(std::function<void()>);
inline void RunOnGroup(std::function<void()> job) { Group::OfProcess().Run(std::move(job)); }

// The data that the job thread of an asynchronous operation shares with the JavaScript thread.
struct Job {
  std::mutex mutex;
  std::condition_variable ended;
  bool running = false;
  Result result;
};

// The base of a class of objects with operations. `Self` has control(), and may have AfterOperation().
template <class Self>
class Operations : public Napi::ObjectWrap<Self> {
 public:
  explicit Operations(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Self>(info) {}

  ~Operations() override {
    if (environment_ends_) return;
    // Node ignores the removal of a hook that was never added, but Deno ends the process.
    if (!cleanup_hook_.IsEmpty()) cleanup_hook_.Remove(this->Env());
    if (on_main_thread_) on_main_thread_.Release();
  }

 protected:
  using Operation = std::function<Outcome(Totals*)>;

  // A method of the class for DefineClass, like InstanceMethod.
  template <auto method>
  static Napi::ClassPropertyDescriptor<Self> Method(const char* name) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = name;
    descriptor.method = &Enter<method>;
    return descriptor;
  }

  // Where outcomes go: a Float64Array (OutcomeRecord) on a SharedArrayBuffer.
  void ReportTo(const Argument& outcome) {
    outcome_ = outcome.Array<double>(FieldCount<OutcomeRecord>());
    outcome.CheckShared();
    kept_outcome_ = Napi::Persistent(outcome.Object());
  }

  // Whether an asynchronous operation runs.
  bool Running() const { return busy_; }

  // Called on the JavaScript thread after each operation, failed ones included. A class may have its own.
  void AfterOperation(const Failure&) {}

  void CheckIdle(Napi::Env env) const {
    if (busy_) throw Napi::Error::New(env, "blasnet native: the plan is busy");
  }

  void Limit(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Args args(info);
    const size_t threads = args[0].Size();
    const bool low = args[1].Given() && args[1].Boolean();
    Control& control = static_cast<Self*>(this)->control();
    control.LimitThreads(threads);
    control.SetPriority(low ? Priority::kLow : Priority::kNormal);
  }

  // Runs the operation on this thread, or on another one if there is a callback at `callback_index`. Then the
  // arguments before the callback and the values in `held` are kept alive until the operation has ended.
  template <class F>
  Napi::Value Start(const Napi::CallbackInfo& info, size_t callback_index, const F& operation,
                    std::vector<Napi::Value> held = {}, JobRunner run = RunJob) {
    CheckIdle(info.Env());
    // From here on, the operation keeps the mapped files that it reads.
    static_cast<Self*>(this)->control().Watch(TakeReadFiles());
    if (callback_index < info.Length() && Args(info)[callback_index].Given()) {
      return StartElsewhere(info, callback_index, operation, std::move(held), run);
    }
    Result result = Complete(operation);
    End(&result);
    if (result.failure) throw ErrorOf(info.Env(), result.failure);
    return info.Env().Undefined();
  }

  Napi::Value StartElsewhere(const Napi::CallbackInfo& info, size_t callback_index, Operation operation,
                             std::vector<Napi::Value> held, JobRunner run) {
    const Argument callback = Args(info)[callback_index];
    const Napi::Function function = callback.Function();
    ConnectToMainThread(info.Env());
    for (size_t i = 0; i < callback_index; i++) held.push_back(info[i]);
    Hold(function, held);
    {
      // The last operation's thread may still be about to set this to false.
      const std::lock_guard<std::mutex> lock(job_->mutex);
      job_->running = true;
    }
    try {
      // The group's thread makes all calls of MPI, so what runs on it has no other priority.
      const Priority priority =
          run == RunJob ? static_cast<Self*>(this)->control().JobPriority() : Priority::kNormal;
      run([this, job = job_, main_thread = on_main_thread_, priority, operation = std::move(operation)] {
        job->result = priority == Priority::kLow ? CompleteAtLowPriority(operation) : Complete(operation);
        // Under the lock, because an ending environment waits until `running` is false, then destroys the
        // queue of calls. After the call, the JavaScript thread may destroy this object, but not the job.
        const std::lock_guard<std::mutex> lock(job->mutex);
        main_thread.NonBlockingCall(static_cast<Self*>(this));
        job->running = false;
        job->ended.notify_all();
      });
    } catch (...) {
      job_->running = false;
      LetGo(info.Env());
      throw;
    }
    busy_ = true;
    return info.Env().Undefined();
  }

  // Before an operation starts: keeps the plan, the callback and the arrays alive, and the process running,
  // until LetGo.
  void Hold(const Napi::Function& callback, const std::vector<Napi::Value>& values) {
    callback_ = Napi::Persistent(callback);
    held_ = Napi::Persistent(Napi::Array::New(callback.Env(), values.size()));
    for (size_t i = 0; i < values.size(); i++) held_.Value().Set(static_cast<uint32_t>(i), values[i]);
    this->Ref();
    on_main_thread_.Ref(callback.Env());
  }

  void LetGo(Napi::Env env) {
    on_main_thread_.Unref(env);
    callback_.Reset();
    held_.Reset();
    this->Unref();
  }

  template <class F>
  static Result Complete(const F& operation) noexcept {
    Result result;
    try {
      result.outcome = operation(&result.totals);
    } catch (...) {
      result.failure = CurrentFailure();
    }
    return result;
  }

  static Result CompleteAtLowPriority(const Operation& operation) noexcept {
    Result result;
    try {
      RunAtLowPriority([&] { result = Complete(operation); });
    } catch (...) {
      result.failure = CurrentFailure();
    }
    return result;
  }

  // On the JavaScript thread, after the operation.
  void End(Result* result) {
    try {
      Self* const self = static_cast<Self*>(this);
      if (const FileMap* lost = self->control().LostInput(); lost != nullptr && !result->failure) {
        result->failure = {FailureKind::kFile, lost->LostError().what()};
      }
      self->control().Watch({});
      self->AfterOperation(result->failure);
    } catch (...) {
      result->failure = CurrentFailure();
    }
    if (!result->failure) Report(*result);
  }

  void Finish(Napi::Env env) {
    const Napi::Function callback = callback_.Value();
    LetGo(env);
    busy_ = false;
    End(&job_->result);
    // The callback may start the next operation.
    const Failure failure = std::move(job_->result.failure);
    callback.Call({failure ? ErrorOf(env, failure).Value() : env.Undefined()});
  }

  void Report(const Result& result) {
    OutcomeRecord record{};
    record.status = static_cast<double>(result.outcome.status);
    record.index = static_cast<double>(result.outcome.index);
    record.epoch = static_cast<double>(result.outcome.epoch);
    record.batch = static_cast<double>(result.outcome.batch);
    record.layer = static_cast<double>(result.outcome.layer);
    record.loss = result.totals.loss;
    record.hits = static_cast<double>(result.totals.hits);
    record.rows = static_cast<double>(result.totals.rows);
    WriteRecord(record, outcome_);
  }

  void ConnectToMainThread(Napi::Env env) {
    if (on_main_thread_) return;
    on_main_thread_ = MainThread::New(env, "blasnet", 0, 1);
    on_main_thread_.Unref(env);
    // Added after the hook of the thread-safe function, so it runs before that one (hooks run last in, first
    // out). It waits until no thread of the addon can call the function.
    cleanup_hook_ = env.AddCleanupHook(EndWithEnvironment, this);
  }

  // The environment (a worker, or the process) ends, maybe while an operation is running.
  static void EndWithEnvironment(Operations* self) {
    self->environment_ends_ = true;
    static_cast<Self*>(self)->control().Stop();
    std::unique_lock<std::mutex> lock(self->job_->mutex);
    self->job_->ended.wait(lock, [self] { return !self->job_->running; });
  }

 private:
  // Napi::ThreadSafeFunction would need memory for each call, on a job thread.
  static void OnMainThread(Napi::Env env, Napi::Function, std::nullptr_t*, Self* self) {
    if (env != nullptr) self->Finish(env);
  }
  using MainThread = Napi::TypedThreadSafeFunction<std::nullptr_t, Self, &Operations::OnMainThread>;

  template <auto method>
  static napi_value Enter(napi_env env, napi_callback_info call) {
    return Napi::details::WrapCallback(env, [&]() -> napi_value {
      return Guarded(env, [&]() -> napi_value {
        const Napi::CallbackInfo info(env, call);
        Self* const self = Self::Unwrap(info.This().template As<Napi::Object>());
        if constexpr (std::is_void_v<decltype((self->*method)(info))>) {
          (self->*method)(info);
          return nullptr;
        } else {
          return (self->*method)(info);
        }
      });
    });
  }

  double* outcome_ = nullptr;
  Napi::ObjectReference kept_outcome_;

  // For the asynchronous operation that is running.
  const std::shared_ptr<Job> job_ = std::make_shared<Job>();
  bool busy_ = false;
  Napi::FunctionReference callback_;
  Napi::Reference<Napi::Array> held_;  // the operation's arguments
  MainThread on_main_thread_;
  Napi::Env::CleanupHook<void (*)(Operations*), Operations> cleanup_hook_;
  bool environment_ends_ = false;
};

}  // namespace blasnet
