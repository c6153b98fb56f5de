// The C library's log, sin and cos. NumPy calls the same functions, so that numbers made from them agree
// with NumPy's to the last bit; V8's own Math.log differs there for about one argument in thirty.
#include <cmath>

#include "binding/exports.h"

namespace blasnet {
namespace {

template <double (*function)(double)>
Napi::Value Apply(const Napi::CallbackInfo& info) {
  const double x = info[0].As<Napi::Number>().DoubleValue();
  return Napi::Number::New(info.Env(), function(x));
}

}  // namespace

void ExportMath(Napi::Env env, Napi::Object exports) {
  exports.Set("log", Napi::Function::New<Apply<std::log>>(env, "log"));
  exports.Set("sin", Napi::Function::New<Apply<std::sin>>(env, "sin"));
  exports.Set("cos", Napi::Function::New<Apply<std::cos>>(env, "cos"));
}

}  // namespace blasnet
