#include "kernels/vectors.h"

#include "hwy/cache_control.h"

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

// load(array) loads a vector of it.
template <size_t count, typename T, class Load>
HWY_INLINE auto SumByHalves(const T* const* arrays, const Load& load) {
  if constexpr (count == 1) {
    return load(arrays[0]);
  } else {
    return hn::Add(SumByHalves<count / 2>(arrays, load), SumByHalves<count / 2>(arrays + count / 2, load));
  }
}

template <size_t count, typename T>
void SumArraysOf(const T* const* given, size_t from, size_t size, T* out) {
  constexpr size_t kAhead = 2048 / sizeof(T);
  const Lanes<T> d;
  const size_t lanes = hn::Lanes(d);
  // No store can change local copies, so the compiler may keep them in registers.
  const T* arrays[count];
  for (size_t k = 0; k < count; k++) arrays[k] = given[k] + from;
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    // Arrays of other threads come from the caches of their processors.
    for (size_t k = 0; k < count; k++) hwy::Prefetch(arrays[k] + i + kAhead);
    hn::StoreU(SumByHalves<count>(arrays, [d, i](const T* in) { return hn::LoadU(d, in + i); }), d, out + i);
  }
  if (i < size) {
    const size_t rest = size - i;
    const auto load = [d, i, rest](const T* in) { return LoadFirst(d, in + i, rest); };
    StoreFirst(d, SumByHalves<count>(arrays, load), out + i, rest);
  }
}

template <typename T>
void SumArraysOf(const T* const* arrays, size_t count, size_t from, size_t size, T* out) {
  switch (count) {
    case 1:
      return SumArraysOf<1>(arrays, from, size, out);
    case 2:
      return SumArraysOf<2>(arrays, from, size, out);
    case 4:
      return SumArraysOf<4>(arrays, from, size, out);
    case 8:
      return SumArraysOf<8>(arrays, from, size, out);
    default:
      return SumArraysOf<16>(arrays, from, size, out);
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                  \
  double Dot##suffix(const T* a, const T* b, size_t size) { return DotOf(a, b, size); }            \
  double SumOfSizes##suffix(const T* a, size_t size) { return SumOfSizesOf(a, size); }             \
  double LargestSize##suffix(const T* a, size_t size) { return LargestSizeOf(a, size); }           \
  void AddScaled##suffix(const T* x, T factor, const T* y, size_t size, T* out) {                  \
    AddScaledOf(x, factor, y, size, out);                                                          \
  }                                                                                                \
  void Scale##suffix(const T* x, T factor, size_t size, T* out) { ScaleOf(x, factor, size, out); } \
  void SumArrays##suffix(const T* const* arrays, size_t count, size_t from, size_t size, T* out) { \
    SumArraysOf(arrays, count, from, size, out);                                                   \
  }
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
HWY_EXPORT(SumArraysF64);
HWY_EXPORT(SumArraysF32);

#define BLASNET_DISPATCH(T, suffix)                                                        \
  template <>                                                                              \
  double Dot(const T* a, const T* b, size_t size) {                                        \
    return HWY_DYNAMIC_DISPATCH(Dot##suffix)(a, b, size);                                  \
  }                                                                                        \
  template <>                                                                              \
  double SumOfSizes(const T* a, size_t size) {                                             \
    return HWY_DYNAMIC_DISPATCH(SumOfSizes##suffix)(a, size);                              \
  }                                                                                        \
  template <>                                                                              \
  double LargestSize(const T* a, size_t size) {                                            \
    return HWY_DYNAMIC_DISPATCH(LargestSize##suffix)(a, size);                             \
  }                                                                                        \
  template <>                                                                              \
  void AddScaled(const T* x, double factor, const T* y, size_t size, T* out) {             \
    HWY_DYNAMIC_DISPATCH(AddScaled##suffix)(x, static_cast<T>(factor), y, size, out);      \
  }                                                                                        \
  template <>                                                                              \
  void Scale(const T* x, double factor, size_t size, T* out) {                             \
    HWY_DYNAMIC_DISPATCH(Scale##suffix)(x, static_cast<T>(factor), size, out);             \
  }                                                                                        \
  template <>                                                                              \
  void SumArrays(const T* const* arrays, size_t count, size_t from, size_t size, T* out) { \
    HWY_DYNAMIC_DISPATCH(SumArrays##suffix)(arrays, count, from, size, out);               \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
