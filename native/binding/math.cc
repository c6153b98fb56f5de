// The C library's log, sin and cos. NumPy calls these functions, so numbers that are computed from them agree
// with NumPy's to the last bit. V8's Math.log differs in the last bit for about one argument in thirty.
#include <cmath>

#include "binding/exports.h"

#ifdef __MINGW32__
#include <windows.h>
#endif

namespace blasnet {
namespace {

using Function = double (*)(double);

#ifdef __MINGW32__
// MinGW has x87 functions, off by 1e-11 for arguments of some thousands. So the system's functions are used,
// as in NumPy.
Function OfSystem(const char* name, Function otherwise) {
  const HMODULE library = LoadLibraryExA("ucrtbase.dll", nullptr, LOAD_LIBRARY_SEARCH_SYSTEM32);
  const FARPROC found = library == nullptr ? nullptr : GetProcAddress(library, name);
  return found == nullptr ? otherwise : reinterpret_cast<Function>(reinterpret_cast<void*>(found));
}
#else
Function OfSystem(const char*, Function function) { return function; }
#endif

double Log(double x) {
  static const Function function = OfSystem("log", std::log);
  return function(x);
}
double Sin(double x) {
  static const Function function = OfSystem("sin", std::sin);
  return function(x);
}
double Cos(double x) {
  static const Function function = OfSystem("cos", std::cos);
  return function(x);
}

template <double (*function)(double)>
Napi::Value Apply(const Napi::CallbackInfo& info) {
  const double x = info[0].As<Napi::Number>().DoubleValue();
  return Napi::Number::New(info.Env(), function(x));
}

}  // namespace

void ExportMath(Napi::Env env, Napi::Object exports) {
  exports.Set("log", Napi::Function::New<Apply<Log>>(env, "log"));
  exports.Set("sin", Napi::Function::New<Apply<Sin>>(env, "sin"));
  exports.Set("cos", Napi::Function::New<Apply<Cos>>(env, "cos"));
}

}  // namespace blasnet
