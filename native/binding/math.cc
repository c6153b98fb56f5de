// The C library's log, sin and cos.
#include "binding/exports.h"
#include "binding/failure.h"
#include "kernels/c_library.h"

namespace blasnet {
namespace {

template <double (*function)(double)>
Napi::Value Apply(const Napi::CallbackInfo& info) {
  const double x = info[0].As<Napi::Number>().DoubleValue();
  return Napi::Number::New(info.Env(), function(x));
}

}  // namespace

void ExportMath(Napi::Env env, Napi::Object exports) {
  exports.Set("log", Napi::Function::New<GuardedCall<Apply<c_library::Log>>>(env, "log"));
  exports.Set("sin", Napi::Function::New<GuardedCall<Apply<c_library::Sin>>>(env, "sin"));
  exports.Set("cos", Napi::Function::New<GuardedCall<Apply<c_library::Cos>>>(env, "cos"));
}

}  // namespace blasnet
