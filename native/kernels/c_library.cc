#include "kernels/c_library.h"

#include <cmath>

#ifdef __MINGW32__
#include <windows.h>
#endif

namespace blasnet::c_library {
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

}  // namespace

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

}  // namespace blasnet::c_library
