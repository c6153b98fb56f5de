#include "kernels/scan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/scan.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
size_t NonFinite(const T* data, size_t size) {
  return FindFirst(data, size, [](auto d, auto x) {
    // x - x is 0 for a finite x and NaN otherwise. Not Ne: it is false for NaN on AVX2 and AVX-512.
    return hn::Not(hn::Eq(hn::Sub(x, x), hn::Zero(d)));
  });
}

template <typename T>
size_t Outside(const T* data, size_t size, T low, T high) {
  return FindFirst(data, size, [low, high](auto d, auto x) {
    return hn::Not(hn::And(hn::Ge(x, hn::Set(d, low)), hn::Le(x, hn::Set(d, high))));
  });
}

size_t NonFiniteF64(const double* data, size_t size) { return NonFinite(data, size); }
size_t NonFiniteF32(const float* data, size_t size) { return NonFinite(data, size); }
size_t OutsideF64(const double* data, size_t size, double low, double high) {
  return Outside(data, size, low, high);
}
size_t OutsideF32(const float* data, size_t size, float low, float high) {
  return Outside(data, size, low, high);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(NonFiniteF64);
HWY_EXPORT(NonFiniteF32);
HWY_EXPORT(OutsideF64);
HWY_EXPORT(OutsideF32);

template <>
size_t FirstNonFinite(const double* data, size_t size) {
  return HWY_DYNAMIC_DISPATCH(NonFiniteF64)(data, size);
}
template <>
size_t FirstNonFinite(const float* data, size_t size) {
  return HWY_DYNAMIC_DISPATCH(NonFiniteF32)(data, size);
}
template <>
size_t FirstOutside(const double* data, size_t size, double low, double high) {
  return HWY_DYNAMIC_DISPATCH(OutsideF64)(data, size, low, high);
}
template <>
size_t FirstOutside(const float* data, size_t size, float low, float high) {
  return HWY_DYNAMIC_DISPATCH(OutsideF32)(data, size, low, high);
}

}  // namespace blasnet
#endif  // HWY_ONCE
