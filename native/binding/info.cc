// What the addon was built from, and the numbers that stand for names on both sides.
#include "binding/args.h"
#include "binding/exports.h"
#include "engine/lbfgs.h"
#include "engine/plan.h"
#include "engine/pool.h"
#include "kernels/activations.h"
#include "kernels/gemm.h"
#include "kernels/types.h"

namespace blasnet {
namespace {

template <size_t size>
Napi::Object Numbered(Napi::Env env, const char* const (&names)[size]) {
  Napi::Object numbers = Napi::Object::New(env);
  for (size_t i = 0; i < size; i++) numbers.Set(names[i], static_cast<uint32_t>(i));
  return numbers;
}

void SetThreadsOf(const Napi::CallbackInfo& info) { SetThreads(Args(info).PositiveSize(0)); }

Napi::Value ThreadsOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Threads()));
}

}  // namespace

void ExportInfo(Napi::Env env, Napi::Object exports) {
  Napi::Object codes = Napi::Object::New(env);
  codes.Set("activations", Numbered(env, kActivationNames));
  codes.Set("lbfgsStatuses", Numbered(env, kLbfgsStatusNames));
  codes.Set("losses", Numbered(env, kLossNames));
  codes.Set("optimizers", Numbered(env, kOptimizerNames));
  codes.Set("hyperparameters", Numbered(env, kHyperparameterNames));
  codes.Set("normalizations", Numbered(env, kNormalizationNames));
  codes.Set("statuses", Numbered(env, kStatusNames));
  exports.Set("codes", codes);
  exports.Set("setThreads", Napi::Function::New<SetThreadsOf>(env, "setThreads"));
  exports.Set("threads", Napi::Function::New<ThreadsOf>(env, "threads"));
  exports.Set("buildType", BLASNET_BUILD_TYPE);
  exports.Set("blas", BlasDescription());
  exports.Set("blasCore", BlasCore());
  exports.Set("simd", SimdTarget());
  exports.Set("simdTargets", SimdTargets());
}

}  // namespace blasnet
