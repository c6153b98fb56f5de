#include "kernels/scan.h"

#include <algorithm>
#include <limits>

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
    // x - x is 0 if x is finite, otherwise NaN. Ne would not do: it is false for NaN on AVX2 and AVX-512.
    return hn::Not(hn::Eq(hn::Sub(x, x), hn::Zero(d)));
  });
}

template <typename T>
size_t Outside(const T* data, size_t size, T low, T high) {
  return FindFirst(data, size, [low, high](auto d, auto x) {
    return hn::Not(hn::And(hn::Ge(x, hn::Set(d, low)), hn::Le(x, hn::Set(d, high))));
  });
}

// Integers from 0 to most.
template <typename T>
size_t OutsideClasses(const T* data, size_t size, T most) {
  return FindFirst(data, size, [most](auto d, auto x) {
    const auto inside = hn::And(hn::Ge(x, hn::Zero(d)), hn::Le(x, hn::Set(d, most)));
    return hn::Not(hn::And(inside, hn::Eq(x, hn::Trunc(x))));
  });
}

template <typename T>
size_t OutsideSigns(const T* data, size_t size) {
  return FindFirst(data, size, [](auto d, auto x) { return hn::Not(hn::Eq(hn::Abs(x), hn::Set(d, 1))); });
}

size_t OutsideClassesF64(const double* data, size_t size, double most) {
  return OutsideClasses(data, size, most);
}
size_t OutsideClassesF32(const float* data, size_t size, float most) {
  return OutsideClasses(data, size, most);
}
size_t OutsideSignsF64(const double* data, size_t size) { return OutsideSigns(data, size); }
size_t OutsideSignsF32(const float* data, size_t size) { return OutsideSigns(data, size); }
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

HWY_EXPORT(OutsideClassesF64);
HWY_EXPORT(OutsideClassesF32);
HWY_EXPORT(OutsideSignsF64);
HWY_EXPORT(OutsideSignsF32);
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

namespace {

size_t FirstOutsideClasses(const double* labels, size_t size, double most) {
  return HWY_DYNAMIC_DISPATCH(OutsideClassesF64)(labels, size, most);
}
size_t FirstOutsideClasses(const float* labels, size_t size, float most) {
  return HWY_DYNAMIC_DISPATCH(OutsideClassesF32)(labels, size, most);
}
size_t FirstOutsideSigns(const double* labels, size_t size) {
  return HWY_DYNAMIC_DISPATCH(OutsideSignsF64)(labels, size);
}
size_t FirstOutsideSigns(const float* labels, size_t size) {
  return HWY_DYNAMIC_DISPATCH(OutsideSignsF32)(labels, size);
}

}  // namespace

template <typename T>
size_t FirstBadLabel(LabelRule rule, size_t outputs, const T* labels, size_t size) {
  switch (rule) {
    case LabelRule::kFinite:
      return FirstNonFinite(labels, size);
    case LabelRule::kNotNegative:
      return FirstOutside(labels, size, T{0}, std::numeric_limits<T>::max());
    case LabelRule::kUnitInterval:
      return FirstOutside(labels, size, T{0}, T{1});
    case LabelRule::kSigns:
      return FirstOutsideSigns(labels, size);
    case LabelRule::kClasses:
      return FirstOutsideClasses(labels, size, static_cast<T>(outputs - 1));
  }
  return 0;
}
template size_t FirstBadLabel(LabelRule, size_t, const double*, size_t);
template size_t FirstBadLabel(LabelRule, size_t, const float*, size_t);

size_t FirstBadClass(const int32_t* classes, size_t outputs, size_t size) {
  const auto bad = std::find_if(classes, classes + size,
                                [outputs](int32_t c) { return c < 0 || static_cast<size_t>(c) >= outputs; });
  return static_cast<size_t>(bad - classes);
}

template <typename T>
size_t FirstRowOfZeros(const T* labels, size_t outputs, size_t row, size_t rows) {
  for (; row < rows; row++) {
    const T* from = labels + row * outputs;
    if (std::none_of(from, from + outputs, [](T label) { return label > 0; })) return row;
  }
  return rows;
}
template size_t FirstRowOfZeros(const double*, size_t, size_t, size_t);
template size_t FirstRowOfZeros(const float*, size_t, size_t, size_t);

}  // namespace blasnet
#endif  // HWY_ONCE
