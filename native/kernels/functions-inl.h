// The functions that kernels apply to vectors, with their error bounds; test/native/accuracy.test.ts enforces
// them. (In brackets the worst that a search over 25 million float64 and every 29th float32 found, on SSSE3
// to AVX-512.)
// Included after foreach_target.h, as vector-inl.h is.
#if defined(BLASNET_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASNET_FUNCTIONS_INL_H_
#undef BLASNET_FUNCTIONS_INL_H_
#else
#define BLASNET_FUNCTIONS_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Highway's Exp, with NaN passed through: it makes 0 of NaN. For x up to 706, or 88 in float32.
// At most 1.1 ulp (1.01).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpOf(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, x));
}

// 1 / (1 + exp(-x)) from exp(-|x|), which cannot overflow and keeps the left tail's relative precision.
// At most 2.5 ulp (2.43).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SigmoidOf(D d, V x) {
  const V one = hn::Set(d, 1);
  const V e = ExpOf(d, hn::Neg(hn::Abs(x)));
  const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(numerator, hn::Add(one, e));
}

// Highway's Tanh, with NaN passed through. At most 3.5 ulp (3.18).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
}

// max(0, x), NaN passed through.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ReluOf(D d, V x) {
  return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
}

// A = exp(Z - maximum) / sum, one sample of `units` values that stand `stride` apart; A may be Z. The shift
// keeps exp finite; NaN or +infinity anywhere makes all of A NaN.
// At most 2.5 ulp for two units, 1 ulp more for each further one, and what Z - maximum was rounded by.
template <typename T>
HWY_INLINE void Softmax(const T* z, size_t units, size_t stride, T* a) {
  T maximum = z[0];
  for (size_t i = 1; i < units; i++) maximum = std::max(maximum, z[i * stride]);
  const auto power = [maximum](auto d, auto x) { return ExpOf(d, hn::Sub(x, hn::Set(d, maximum))); };
  if (stride == 1) {
    Map(z, units, a, power);
  } else {
    // The same instructions on gathered values: a sample's result is the same whichever way it lies.
    Buffer<T> values;
    const size_t step = hn::Lanes(Lanes<T>());
    for (size_t i = 0; i < units; i += step) {
      const size_t count = std::min(step, units - i);
      for (size_t k = 0; k < count; k++) values.lanes[k] = z[(i + k) * stride];
      Map(values.lanes, count, values.lanes, power);
      for (size_t k = 0; k < count; k++) a[(i + k) * stride] = values.lanes[k];
    }
  }
  T sum = 0;
  for (size_t i = 0; i < units; i++) sum += a[i * stride];
  for (size_t i = 0; i < units; i++) a[i * stride] /= sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#endif  // BLASNET_FUNCTIONS_INL_H_
