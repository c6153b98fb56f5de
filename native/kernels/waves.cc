#include "kernels/waves.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/waves.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// The Taylor coefficients of (sin(y) - y) / y^3 and of (cos(y) - 1 + y^2 / 2) / y^4, by powers of y^2. For
// |y| up to pi / 4, what they leave out is below half an ulp of 1: 4 coefficients for float, 7 for double.
constexpr double kSine[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,         1.0 / 362880,
                            -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
constexpr double kCosine[] = {1.0 / 24,        -1.0 / 720,         1.0 / 40320,           -1.0 / 3628800,
                              1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000.0};

template <class D, class V, size_t count>
HWY_INLINE V Series(D d, V square, const double (&coefficients)[count]) {
  using T = hn::TFromD<D>;
  constexpr size_t kTerms = sizeof(T) == 8 ? count : 4;
  V sum = hn::Set(d, static_cast<T>(coefficients[kTerms - 1]));
  for (size_t i = kTerms - 1; i-- > 0;)
    sum = hn::MulAdd(sum, square, hn::Set(d, static_cast<T>(coefficients[i])));
  return sum;
}

template <class D, class V>
HWY_INLINE void CosineAndSine(D d, V turns, V& cosine, V& sine) {
  using T = hn::TFromD<D>;
  const V one = hn::Set(d, T{1}), two = hn::Set(d, T{2}), three = hn::Set(d, T{3}), four = hn::Set(d, T{4});
  const V quarter = hn::Set(d, T{0.25});
  const V quarters = hn::Round(hn::Mul(four, turns));
  // Both differences are exact.
  const V rest = hn::NegMulAdd(quarter, quarters, turns);
  const V quadrant = hn::NegMulAdd(four, hn::Floor(hn::Mul(quarter, quarters)), quarters);
  const V y = hn::Mul(hn::Set(d, static_cast<T>(6.283185307179586)), rest);
  const V square = hn::Mul(y, y);
  const V s = hn::MulAdd(hn::Mul(y, square), Series(d, square, kSine), y);
  const V half = hn::NegMulAdd(hn::Set(d, T{0.5}), square, one);
  const V c = hn::MulAdd(hn::Mul(square, square), Series(d, square, kCosine), half);
  const auto first = hn::Eq(quadrant, one), second = hn::Eq(quadrant, two), third = hn::Eq(quadrant, three);
  const auto swapped = hn::Or(first, third);
  const V along = hn::IfThenElse(swapped, s, c), across = hn::IfThenElse(swapped, c, s);
  cosine = hn::IfThenElse(hn::Or(first, second), hn::Neg(along), along);
  sine = hn::IfThenElse(hn::Or(second, third), hn::Neg(across), across);
}

template <typename T>
void WavesOf(size_t size, T frequency, T phase, const T* x, T* cosines, T* sines) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  for (size_t i = 0; i < size; i += step) {
    const size_t count = std::min(step, size - i);
    const auto turns = hn::MulAdd(hn::Set(d, frequency), LoadSome(d, x + i, count), hn::Set(d, phase));
    auto cosine = turns, sine = turns;
    CosineAndSine(d, turns, cosine, sine);
    StoreSome(d, cosine, cosines + i, count);
    if (sines != nullptr) StoreSome(d, sine, sines + i, count);
  }
}

template <typename T>
void WaveGradientsOf(size_t size, const T* cosines, const T* sines, const T* d_cosines, const T* d_sines,
                     T* d) {
  if (d_sines == nullptr) {
    return Map(d_cosines, sines, size, d, [](auto, auto a, auto s) { return hn::Neg(hn::Mul(a, s)); });
  }
  MapAll(
      size, d, [](auto, auto c, auto s, auto dc, auto ds) { return hn::NegMulAdd(dc, s, hn::Mul(ds, c)); },
      cosines, sines, d_cosines, d_sines);
}

#define BLASNET_DEFINE(T, suffix)                                                               \
  void Waves##suffix(size_t size, T frequency, T phase, const T* x, T* cosines, T* sines) {     \
    WavesOf(size, frequency, phase, x, cosines, sines);                                         \
  }                                                                                             \
  void WaveGradients##suffix(size_t size, const T* cosines, const T* sines, const T* d_cosines, \
                             const T* d_sines, T* d) {                                          \
    WaveGradientsOf(size, cosines, sines, d_cosines, d_sines, d);                               \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(WavesF64);
HWY_EXPORT(WavesF32);
HWY_EXPORT(WaveGradientsF64);
HWY_EXPORT(WaveGradientsF32);

#define BLASNET_DISPATCH(T, suffix)                                                                       \
  template <>                                                                                             \
  void Waves(size_t size, T frequency, T phase, const T* x, T* cosines, T* sines) {                       \
    HWY_DYNAMIC_DISPATCH(Waves##suffix)(size, frequency, phase, x, cosines, sines);                       \
  }                                                                                                       \
  template <>                                                                                             \
  void WaveGradients(size_t size, const T* cosines, const T* sines, const T* d_cosines, const T* d_sines, \
                     T* d) {                                                                              \
    HWY_DYNAMIC_DISPATCH(WaveGradients##suffix)(size, cosines, sines, d_cosines, d_sines, d);             \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
