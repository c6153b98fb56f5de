#include "kernels/vectors.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/vectors.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
double DotOf(const T* a, const T* b, size_t size) {
  return SumOf(size, [](auto, auto x, auto y) { return hn::Mul(x, y); }, a, b);
}

template <typename T>
double SumOfSizesOf(const T* a, size_t size) {
  return SumOf(size, [](auto, auto x) { return hn::Abs(x); }, a);
}

template <typename T>
double LargestSizeOf(const T* a, size_t size) {
  const Lanes<T> d;
  const size_t lanes = hn::Lanes(d);
  auto largest = hn::Zero(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) largest = hn::Max(hn::Abs(hn::LoadU(d, a + i)), largest);
  if (i < size) largest = hn::Max(hn::Abs(LoadFirst(d, a + i, size - i)), largest);
  return static_cast<double>(hn::GetLane(hn::MaxOfLanes(d, largest)));
}

template <typename T>
void AddScaledOf(const T* x, T factor, const T* y, size_t size, T* out) {
  Map(x, y, size, out, [factor](auto d, auto a, auto b) { return hn::MulAdd(hn::Set(d, factor), b, a); });
}

template <typename T>
void ScaleOf(const T* x, T factor, size_t size, T* out) {
  Map(x, size, out, [factor](auto d, auto a) { return hn::Mul(hn::Set(d, factor), a); });
}

#define BLASNET_DEFINE(T, suffix)                                                        \
  double Dot##suffix(const T* a, const T* b, size_t size) { return DotOf(a, b, size); }  \
  double SumOfSizes##suffix(const T* a, size_t size) { return SumOfSizesOf(a, size); }   \
  double LargestSize##suffix(const T* a, size_t size) { return LargestSizeOf(a, size); } \
  void AddScaled##suffix(const T* x, T factor, const T* y, size_t size, T* out) {        \
    AddScaledOf(x, factor, y, size, out);                                                \
  }                                                                                      \
  void Scale##suffix(const T* x, T factor, size_t size, T* out) { ScaleOf(x, factor, size, out); }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(DotF64);
HWY_EXPORT(DotF32);
HWY_EXPORT(SumOfSizesF64);
HWY_EXPORT(SumOfSizesF32);
HWY_EXPORT(LargestSizeF64);
HWY_EXPORT(LargestSizeF32);
HWY_EXPORT(AddScaledF64);
HWY_EXPORT(AddScaledF32);
HWY_EXPORT(ScaleF64);
HWY_EXPORT(ScaleF32);

#define BLASNET_DISPATCH(T, suffix)                                                   \
  template <>                                                                         \
  double Dot(const T* a, const T* b, size_t size) {                                   \
    return HWY_DYNAMIC_DISPATCH(Dot##suffix)(a, b, size);                             \
  }                                                                                   \
  template <>                                                                         \
  double SumOfSizes(const T* a, size_t size) {                                        \
    return HWY_DYNAMIC_DISPATCH(SumOfSizes##suffix)(a, size);                         \
  }                                                                                   \
  template <>                                                                         \
  double LargestSize(const T* a, size_t size) {                                       \
    return HWY_DYNAMIC_DISPATCH(LargestSize##suffix)(a, size);                        \
  }                                                                                   \
  template <>                                                                         \
  void AddScaled(const T* x, double factor, const T* y, size_t size, T* out) {        \
    HWY_DYNAMIC_DISPATCH(AddScaled##suffix)(x, static_cast<T>(factor), y, size, out); \
  }                                                                                   \
  template <>                                                                         \
  void Scale(const T* x, double factor, size_t size, T* out) {                        \
    HWY_DYNAMIC_DISPATCH(Scale##suffix)(x, static_cast<T>(factor), size, out);        \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
