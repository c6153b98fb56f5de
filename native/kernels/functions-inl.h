// Functions that kernels apply to vectors, with their error bounds; test/native/accuracy*.test.ts enforce
// these. (In brackets: the largest error in a search over 25 million float64 and every 29th float32, on SSSE3
// to AVX-512.) Include this file after foreach_target.h, like vector-inl.h.
#if defined(BLASNET_FUNCTIONS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASNET_FUNCTIONS_INL_H_
#undef BLASNET_FUNCTIONS_INL_H_
#else
#define BLASNET_FUNCTIONS_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Highway's Exp, but NaN stays NaN (Highway returns 0). For x up to 706, or 88 in float32. At most 1.1 ulp
// (1.01).
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

// Highway's Tanh, but NaN stays NaN. At most 3.5 ulp (3.18).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V TanhOf(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));
}

// max(0, x); NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ReluOf(D d, V x) {
  return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
}

// x, clipped to [low, high]; NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Clamp(D d, V x, hn::TFromD<D> low, hn::TFromD<D> high) {
  const V lowest = hn::Set(d, low), highest = hn::Set(d, high);
  const V raised = hn::IfThenElse(hn::Lt(x, lowest), lowest, x);
  return hn::IfThenElse(hn::Gt(raised, highest), highest, raised);
}

template <class D>
constexpr bool kIsFloat = sizeof(hn::TFromD<D>) == 4;

// exp(x) for every x; infinity if it overflows. At most 1.1 ulp (1.01).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExponentialOf(D d, V x) {
  using T = hn::TFromD<D>;
  const V top = hn::Set(d, kIsFloat<D> ? T{100} : T{800});
  return ExpOf(d, hn::IfThenElse(hn::Gt(x, top), top, x));
}

// Highway's Expm1, exp(x) - 1, but NaN stays NaN. For x <= 0. At most 2 ulp (1.80).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Expm1Of(D d, V x) {
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Expm1(d, x));
}

// scale * x, but limit * (exp(x) - 1) where x < 0. At most 2 ulp if scale and limit are 1, otherwise 3.5
// (2.95).
template <class D, class V = hn::Vec<D>, typename T>
HWY_INLINE V EluOf(D d, V x, T scale, T limit) {
  const V zero = hn::Zero(d);
  const auto positive = hn::Gt(x, zero);
  const V below = hn::Mul(hn::Set(d, limit), Expm1Of(d, hn::IfThenZeroElse(positive, x)));
  return hn::IfThenElse(positive, hn::Mul(hn::Set(d, scale), x), below);
}

// The slope of EluOf from its value y: scale, but limit * exp(x) = y + limit where y <= 0.
template <class D, class V = hn::Vec<D>, typename T>
HWY_INLINE V EluSlope(D d, V y, T scale, T limit) {
  return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), hn::Set(d, scale), hn::Add(y, hn::Set(d, limit)));
}

// log(x) for every x, by Highway's Log, which takes positive finite numbers only. NaN for NaN and for
// negative numbers. At most 1 ulp (0.93).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V LogOf(D d, V x) {
  const V zero = hn::Zero(d), infinity = hn::Inf(d);
  const V log = hn::IfThenElse(hn::Eq(x, infinity), infinity, hn::Log(d, x));
  const V nan = hn::IfThenElse(hn::Lt(x, zero), hn::NaN(d), x);
  return hn::IfThenElse(hn::Gt(x, zero), log, hn::IfThenElse(hn::Eq(x, zero), hn::Neg(infinity), nan));
}

// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)). At most 3 ulp (2.76).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SoftplusOf(D d, V x) {
  return hn::Add(hn::Max(x, hn::Zero(d)), hn::Log1p(d, ExpOf(d, hn::Neg(hn::Abs(x)))));
}

// x / (1 + |x|). At most 1.5 ulp (1.50).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SoftsignOf(D d, V x) {
  // Infinity / infinity would be NaN.
  const V finite = Clamp(d, x, hwy::LowestValue<hn::TFromD<D>>(), hwy::HighestValue<hn::TFromD<D>>());
  return hn::Div(finite, hn::Add(hn::Set(d, 1), hn::Abs(finite)));
}

// (x + 3) / 6, clipped to [0, 1]. At most 1.5 ulp (1.00).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V HardSigmoidOf(D d, V x) {
  return hn::Div(Clamp(d, hn::Add(x, hn::Set(d, 3)), 0, 6), hn::Set(d, 6));
}

// For x below minus this, sigmoid is exactly 0; above this, exactly 1. Infinite inputs are replaced by this
// number, so that their products with 0 are not NaN.
constexpr int kSaturated = 1000;

// x * sigmoid(x). At most 3.5 ulp (3.08). If exp(x) is subnormal, the error is larger by up to |x| times the
// smallest number.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SiluOf(D d, V x) {
  const V low = hn::Set(d, -kSaturated);
  return hn::Mul(hn::IfThenElse(hn::Lt(x, low), low, x), SigmoidOf(d, x));
}

// sigmoid(x) and sigmoid(-x), from one exponential and one division.
template <class D, class V = hn::Vec<D>>
struct SigmoidPair {
  V value, rest;

  SigmoidPair(D d, V x) {
    const V one = hn::Set(d, 1);
    const V e = ExpOf(d, hn::Neg(hn::Abs(x)));
    const V large = hn::Div(one, hn::Add(one, e)), small = hn::Mul(e, large);
    const auto negative = hn::Lt(x, hn::Zero(d));
    value = hn::IfThenElse(negative, small, large);
    rest = hn::IfThenElse(negative, large, small);
  }
};

// The derivative of silu, sigmoid(x) * (1 + x * sigmoid(-x)). The derivatives of silu, mish, gelu and
// geluTanh are off by at most 2.5 ulp of 1 (1.99).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V SiluSlope(D d, V x) {
  const V inside = Clamp(d, x, -kSaturated, kSaturated);
  const SigmoidPair<D> sigmoid(d, inside);
  return hn::Mul(sigmoid.value, hn::MulAdd(inside, sigmoid.rest, hn::Set(d, 1)));
}

// The parts of mish: tanh(log(1 + exp(x))) = numerator / denominator. Both are sums of positive terms of the
// number e = exp(-|x|).
template <class D, class V = hn::Vec<D>>
struct MishParts {
  V e, numerator, denominator;
  hn::Mask<D> negative;

  MishParts(D d, V x) {
    const V one = hn::Set(d, 1), two = hn::Set(d, 2);
    e = ExpOf(d, hn::Neg(hn::Abs(x)));
    negative = hn::Lt(x, hn::Zero(d));
    // x < 0: n / (n + 2), n = e (e + 2). Otherwise, both times e^2: n / (n + 2 e^2), n = 1 + 2 e.
    numerator = hn::IfThenElse(negative, hn::Mul(e, hn::Add(e, two)), hn::MulAdd(two, e, one));
    denominator = hn::Add(numerator, hn::IfThenElse(negative, two, hn::Mul(two, hn::Mul(e, e))));
  }
};

// x * tanh(log(1 + exp(x))). At most 5 ulp (4.57). If exp(x) is subnormal, the error is larger by up to |x|
// times the smallest number.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V MishOf(D d, V x) {
  const V low = hn::Set(d, -kSaturated);
  const V finite = hn::IfThenElse(hn::Lt(x, low), low, x);
  const MishParts<D> parts(d, finite);
  return hn::Mul(finite, hn::Div(parts.numerator, parts.denominator));
}

// The derivative of mish, t + x * (1 - t^2) * sigmoid(x), with t = tanh(log(1 + exp(x))). Here (1 - t^2) *
// sigmoid(x) is 4 u (1 + e) / denominator^2, where u is e if x is negative, otherwise e^2.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V MishSlope(D d, V x) {
  const V finite = Clamp(d, x, -kSaturated, kSaturated);
  const MishParts<D> parts(d, finite);
  const V u = hn::IfThenElse(parts.negative, parts.e, hn::Mul(parts.e, parts.e));
  const V bend = hn::Mul(hn::Set(d, 4), hn::Mul(u, hn::Add(hn::Set(d, 1), parts.e)));
  return hn::Div(hn::MulAdd(finite, hn::Div(bend, parts.denominator), parts.numerator), parts.denominator);
}

// (t + a) * exp(t^2 / 2) * Q(t), where Q(t) is the probability that a standard normal variable is above t, as
// a polynomial in u = (t - a) / (t + a), for t from 0 to `most`; beyond it Q is 0. Interpolated at
// Chebyshev's nodes with mpmath 1.3.0 in 50 digits; relative errors 2^-56 and 2^-28.
template <typename T>
struct NormalTail;

template <>
struct NormalTail<double> {
  static constexpr double a = 5;
  static constexpr double most = 39;
  static constexpr uint64_t high_half = 0xFFFFFFFFF8000000;
  static constexpr double coefficients[] = {
      7.69193049750062959e-1,  -6.653825028900567e-1,   4.95305615969976413e-1,  -3.13533156671304545e-1,
      1.65020366170384718e-1,  -6.91186387063101636e-2, 2.07950667998831796e-2,  -2.99337677050854244e-3,
      -7.97869398466070105e-4, 5.44899064773129894e-4,  -5.93757280099158637e-5, -4.97628142705858052e-5,
      1.66812137420420615e-5,  3.98090215786804112e-6,  -2.76926709599743025e-6, -3.36615368101247117e-7,
      4.33141035686258495e-7,  4.22749937400653484e-8,  -6.59422166247722304e-8, -9.31356099432605914e-9,
      7.66307180076004105e-9,  1.75304840140823198e-9,  -1.58774688274733654e-10};
};

template <>
struct NormalTail<float> {
  static constexpr float a = 4;
  static constexpr float most = 15;
  static constexpr uint32_t high_half = 0xFFFFF000;
  static constexpr float coefficients[] = {7.552851306e-1f,  -6.078966591e-1f, 3.87137368e-1f,
                                           -1.865212814e-1f, 6.039753309e-2f,  -7.545268266e-3f,
                                           -3.489317276e-3f, 1.645219297e-3f,  1.710546116e-4f,
                                           -2.317986783e-4f, -5.15565933e-5f};
};

// The sum of c[i] * x^i by Horner's rule, in parallel for the even and the odd powers.
template <class D, class V = hn::Vec<D>, typename T, size_t N>
HWY_INLINE V Polynomial(D d, V x, const T (&c)[N]) {
  static_assert(N % 2 == 1, "the highest power is even");
  const V square = hn::Mul(x, x);
  V even = hn::Set(d, c[N - 1]), odd = hn::Set(d, c[N - 2]);
  for (size_t i = N - 3; i >= 2; i -= 2) {
    even = hn::MulAdd(even, square, hn::Set(d, c[i]));
    odd = hn::MulAdd(odd, square, hn::Set(d, c[i - 1]));
  }
  return hn::MulAdd(odd, x, hn::MulAdd(even, square, hn::Set(d, c[0])));
}

// The parts of gelu: Q(|x|) = power * ratio. `finite` is x, clipped to where Q is not 0.
template <class D, class V = hn::Vec<D>>
struct NormalParts {
  V finite, power, ratio;
  hn::Mask<D> negative;

  NormalParts(D d, V x) {
    using T = hn::TFromD<D>;
    using Tail = NormalTail<T>;
    finite = Clamp(d, x, -Tail::most, Tail::most);
    negative = hn::Lt(finite, hn::Zero(d));
    const V t = hn::Abs(finite);
    const V sum = hn::Add(t, hn::Set(d, Tail::a));
    const V u = hn::Div(hn::Sub(t, hn::Set(d, Tail::a)), sum);
    const V uncorrected = hn::Div(Polynomial(d, u, Tail::coefficients), sum);
    // t^2 = square + rest (Dekker, 1971), because exp magnifies the rounding error of t * t.
    const hn::RebindToUnsigned<D> bits;
    const V square = hn::Mul(t, t);
    const V high = hn::BitCast(d, hn::And(hn::BitCast(bits, t), hn::Set(bits, Tail::high_half)));
    const V low = hn::Sub(t, high);
    const V cross = hn::Mul(hn::Add(high, high), low);
    const V rest = hn::MulAdd(low, low, hn::Add(cross, hn::MulSub(high, high, square)));
    const V half = hn::Set(d, static_cast<T>(0.5));
    power = ExpOf(d, hn::Mul(hn::Neg(half), square));
    ratio = hn::NegMulAdd(uncorrected, hn::Mul(half, rest), uncorrected);
  }
};

// x * P(x), where P(x) is the probability that a standard normal variable is below x. At most 7 ulp (6.60),
// also in the left tail.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V GeluOf(D d, V x) {
  const NormalParts<D> parts(d, x);
  const V tail = hn::Mul(parts.power, hn::Mul(parts.finite, parts.ratio));
  const V body = hn::Mul(x, hn::NegMulAdd(parts.power, parts.ratio, hn::Set(d, 1)));
  return hn::IfThenElse(parts.negative, tail, body);
}

// The derivative of gelu, P(x) + x * exp(-x^2 / 2) / sqrt(2 pi).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V GeluSlope(D d, V x) {
  const NormalParts<D> parts(d, x);
  const V density = hn::Set(d, static_cast<hn::TFromD<D>>(0.3989422804014326779));
  const V signed_ratio = hn::IfThenElse(parts.negative, parts.ratio, hn::Neg(parts.ratio));
  const V base = hn::IfThenZeroElse(parts.negative, hn::Set(d, 1));
  return hn::MulAdd(parts.power, hn::MulAdd(parts.finite, density, signed_ratio), base);
}

// geluTanh is x * sigmoid(v), v = 2 sqrt(2 / pi) (x + 0.044715 x^3): x / 2 * (1 + tanh(v / 2)) without its
// cancellation. At most 4 + 3 |v| ulp if x is negative, otherwise 4 ulp. If exp(v) is subnormal, the error is
// larger by up to |x| times the smallest number.
template <class D, class V = hn::Vec<D>>
struct GeluTanhParts {
  V finite, square, v;

  GeluTanhParts(D d, V x) {
    using T = hn::TFromD<D>;
    // Beyond these, the sigmoid is exactly 0 or 1.
    finite = Clamp(d, x, -30, 30);
    square = hn::Mul(finite, finite);
    const V linear = hn::Set(d, static_cast<T>(1.5957691216057307117));
    const V cubic = hn::Set(d, static_cast<T>(0.0713548162726002527));
    v = hn::Mul(finite, hn::MulAdd(cubic, square, linear));
  }
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE V GeluTanhOf(D d, V x) {
  const GeluTanhParts<D> parts(d, x);
  const V factor = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), parts.finite, x);
  return hn::Mul(factor, SigmoidOf(d, parts.v));
}

// The derivative of geluTanh, sigmoid(v) * (1 + x * sigmoid(-v) * v').
template <class D, class V = hn::Vec<D>>
HWY_INLINE V GeluTanhSlope(D d, V x) {
  using T = hn::TFromD<D>;
  const GeluTanhParts<D> parts(d, x);
  const V linear = hn::Set(d, static_cast<T>(1.5957691216057307117));
  const V cubic = hn::Set(d, static_cast<T>(3 * 0.0713548162726002527));
  const V v_slope = hn::MulAdd(cubic, parts.square, linear);
  const SigmoidPair<D> sigmoid(d, parts.v);
  return hn::Mul(sigmoid.value, hn::MulAdd(sigmoid.rest, hn::Mul(parts.finite, v_slope), hn::Set(d, 1)));
}

// log(cosh(x)) = |x| - log(2) + log(1 + exp(-2 |x|)). Where that would cancel, log(1 + (cosh(x) - 1)). At
// most 9 ulp (8.64); finite for every finite x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V LogCoshOf(D d, V x) {
  using T = hn::TFromD<D>;
  const V size = hn::Abs(x), one = hn::Set(d, 1);
  const auto near = hn::Lt(size, one);
  const V m = Expm1Of(d, hn::Neg(size));
  const V e = hn::Add(m, one);
  const V excess = hn::Div(hn::Mul(m, m), hn::Add(e, e));
  const V log = hn::Log1p(d, hn::IfThenElse(near, excess, hn::Mul(e, e)));
  const V line = hn::Sub(size, hn::Set(d, static_cast<T>(0.693147180559945309417)));
  return hn::IfThenElse(near, log, hn::Add(line, log));
}

// A = exp(Z - maximum) / sum, for one sample of `units` values that are `stride` apart; A may be Z. The shift
// keeps exp finite. If Z has a NaN or +infinity, all of A is NaN. At most 2.5 ulp for two units, 1 ulp more
// for each further unit, plus the rounding of Z - maximum.
template <typename T>
HWY_INLINE void SoftmaxOf(const T* z, size_t units, size_t stride, T* a) {
  T maximum = z[0];
  for (size_t i = 1; i < units; i++) maximum = std::max(maximum, z[i * stride]);
  const auto power = [maximum](auto d, auto x) { return ExpOf(d, hn::Sub(x, hn::Set(d, maximum))); };
  if (stride == 1) {
    Map(z, units, a, power);
  } else {
    // Runs these instructions on gathered values, so that a sample's result does not depend on the stride.
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

// A = Z - maximum - log(sum), with the arguments of SoftmaxOf. Off by at most 2 ulp of A plus (units + 2) ulp
// of 1, because the largest A may cancel. If Z has a NaN or +infinity, all of A is NaN.
template <typename T>
HWY_INLINE void LogSoftmaxOf(const T* z, size_t units, size_t stride, T* a) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  T maximum = z[0];
  for (size_t i = 1; i < units; i++) maximum = std::max(maximum, z[i * stride]);
  T sum = 0;
  for (size_t i = 0; i < units; i += step) {
    const size_t count = std::min(step, units - i);
    Buffer<T> powers;
    for (size_t k = 0; k < count; k++) powers.lanes[k] = z[(i + k) * stride] - maximum;
    hn::Store(ExpOf(d, hn::Load(d, powers.lanes)), d, powers.lanes);
    for (size_t k = 0; k < count; k++) sum += powers.lanes[k];
  }
  const T log_sum = hn::GetLane(LogOf(d, hn::Set(d, sum)));
  for (size_t i = 0; i < units; i++) a[i * stride] = z[i * stride] - maximum - log_sum;
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#endif  // BLASNET_FUNCTIONS_INL_H_
