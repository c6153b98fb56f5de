// Makes kernels functions of JavaScript. Each takes its element type from one of its array arguments.
#pragma once

#include <napi.h>

#include <type_traits>

#include "binding/args.h"
#include "binding/failure.h"

namespace blasnet {

// a * b. Refuses products above 2^40, so that sizes in bytes cannot wrap around.
inline size_t Elements(const Argument& size, size_t a, size_t b) {
  if (b != 0 && a > (size_t{1} << 40) / b) throw size.Wrong("smaller");
  return a * b;
}
inline size_t Elements(const Args& args, size_t i, size_t a, size_t b) { return Elements(args[i], a, b); }

template <typename R, R (*f64)(const Args&), R (*f32)(const Args&), size_t typed>
Napi::Value Call(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Args args(info);
    const auto function = args[typed].IsFloat32() ? f32 : f64;
    if constexpr (std::is_void_v<R>) {
      function(args);
      return info.Env().Undefined();
    } else {
      return Napi::Number::New(info.Env(), function(args));
    }
  });
}

}  // namespace blasnet

// `typed` is the index of the argument that gives the element type.
#define BLASNET_EXPORT(name, function, result, typed) \
  exports.Set(name, Napi::Function::New<Call<result, function<double>, function<float>, typed>>(env, name))
