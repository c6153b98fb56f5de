#include "kernels/log_mean.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_mean.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
void LogMeanExpOf(size_t blocks, size_t size, const T* x, T* out) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  const auto share = hn::Set(d, T{1} / static_cast<T>(blocks));
  for (size_t i = 0; i < size; i += step) {
    const size_t count = std::min(step, size - i);
    const auto number = [&](size_t block) { return LoadSome(d, x + block * size + i, count); };
    auto largest = number(0);
    for (size_t block = 1; block < blocks; block++) {
      const auto other = number(block);
      largest = hn::IfThenElse(hn::Gt(other, largest), other, largest);
    }
    auto sum = hn::Zero(d);
    for (size_t block = 0; block < blocks; block++) {
      sum = hn::Add(sum, ExpOf(d, hn::Sub(number(block), largest)));
    }
    const auto mean = hn::Mul(sum, share);
    const auto logarithm = hn::IfThenElse(hn::IsNaN(mean), mean, hn::Log(d, mean));
    StoreSome(d, hn::Add(largest, logarithm), out + i, count);
  }
}

void LogMeanExpF64(size_t blocks, size_t size, const double* x, double* out) {
  LogMeanExpOf(blocks, size, x, out);
}
void LogMeanExpF32(size_t blocks, size_t size, const float* x, float* out) {
  LogMeanExpOf(blocks, size, x, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(LogMeanExpF64);
HWY_EXPORT(LogMeanExpF32);

template <>
void LogMeanExp(size_t blocks, size_t size, const double* x, double* out) {
  HWY_DYNAMIC_DISPATCH(LogMeanExpF64)(blocks, size, x, out);
}
template <>
void LogMeanExp(size_t blocks, size_t size, const float* x, float* out) {
  HWY_DYNAMIC_DISPATCH(LogMeanExpF32)(blocks, size, x, out);
}

}  // namespace blasnet
#endif  // HWY_ONCE
