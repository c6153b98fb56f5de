#include "kernels/activations.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activations.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Whole vectors of samples at a time, then the rest one by one: the same operations in the same order, and
// so the same bits.
template <typename T>
void SoftmaxColumns(const T* z, size_t m, size_t units, T* a) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  size_t j = 0;
  for (; j + step <= m; j += step) {
    auto maximum = hn::LoadU(d, z + j);
    for (size_t i = 1; i < units; i++) {
      const auto x = hn::LoadU(d, z + i * m + j);
      maximum = hn::IfThenElse(hn::Lt(maximum, x), x, maximum);
    }
    auto sum = hn::Zero(d);
    for (size_t i = 0; i < units; i++) {
      const auto power = ExpOf(d, hn::Sub(hn::LoadU(d, z + i * m + j), maximum));
      hn::StoreU(power, d, a + i * m + j);
      sum = hn::Add(sum, power);
    }
    for (size_t i = 0; i < units; i++) {
      hn::StoreU(hn::Div(hn::LoadU(d, a + i * m + j), sum), d, a + i * m + j);
    }
  }
  for (; j < m; j++) Softmax(z + j, units, m, a + j);
}

// As SoftmaxColumns; the last samples go through vectors that they do not fill.
template <typename T>
void LogSoftmaxColumns(const T* z, size_t m, size_t units, T* a) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  for (size_t j = 0; j < m; j += step) {
    const size_t count = std::min(step, m - j);
    const auto load = [&](size_t i) { return LoadSome(d, z + i * m + j, count); };
    auto maximum = load(0);
    for (size_t i = 1; i < units; i++) {
      const auto x = load(i);
      maximum = hn::IfThenElse(hn::Lt(maximum, x), x, maximum);
    }
    auto sum = hn::Zero(d);
    for (size_t i = 0; i < units; i++) sum = hn::Add(sum, ExpOf(d, hn::Sub(load(i), maximum)));
    const auto log_sum = LogOf(d, sum);
    for (size_t i = 0; i < units; i++) {
      StoreSome(d, hn::Sub(hn::Sub(load(i), maximum), log_sum), a + i * m + j, count);
    }
  }
}

template <typename T>
void SoftmaxBackward(const T* da, const T* a, size_t units, size_t stride, T* dz) {
  T dot = 0;
  for (size_t i = 0; i < units; i++) dot += da[i * stride] * a[i * stride];
  for (size_t i = 0; i < units; i++) dz[i * stride] = a[i * stride] * (da[i * stride] - dot);
}

// One sample's: dz may be da or a.
template <typename T>
void LogSoftmaxBackward(const T* da, const T* a, size_t units, size_t stride, T* dz) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  T sum = 0;
  for (size_t i = 0; i < units; i++) sum += da[i * stride];
  for (size_t i = 0; i < units; i += step) {
    const size_t count = std::min(step, units - i);
    Buffer<T> shares;
    for (size_t k = 0; k < count; k++) shares.lanes[k] = a[(i + k) * stride];
    hn::Store(hn::Mul(ExpOf(d, hn::Load(d, shares.lanes)), hn::Set(d, sum)), d, shares.lanes);
    for (size_t k = 0; k < count; k++) dz[(i + k) * stride] = da[(i + k) * stride] - shares.lanes[k];
  }
}

// Applies body(first, stride) to every sample: where its first unit is, and how far apart the others are.
template <class F>
void ForSamples(SampleAxis axis, size_t m, size_t units, const F& body) {
  const bool rows = axis == SampleAxis::kRows;
  for (size_t j = 0; j < m; j++) body(rows ? j * units : j, rows ? size_t{1} : m);
}

// Klambauer et al., "Self-normalizing neural networks", 2017.
constexpr double kSeluScale = 1.0507009873554804934;
constexpr double kSeluLimit = 1.7580993408473768599;  // kSeluScale * 1.6732632423543772848

template <typename T>
void Forward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
  const size_t size = m * units;
  switch (activation) {
    case Activation::kLinear:
      if (a != z) std::copy_n(z, size, a);
      return;
    case Activation::kSigmoid:
      return Map(z, size, a, [](auto d, auto x) { return SigmoidOf(d, x); });
    case Activation::kRelu:
      return Map(z, size, a, [](auto d, auto x) { return ReluOf(d, x); });
    case Activation::kTanh:
      return Map(z, size, a, [](auto d, auto x) { return TanhOf(d, x); });
    case Activation::kSoftmax:
      if (axis == SampleAxis::kColumns) return SoftmaxColumns(z, m, units, a);
      for (size_t j = 0; j < m; j++) Softmax(z + j * units, units, 1, a + j * units);
      return;
    case Activation::kLeakyRelu:
      return Map(z, size, a, [alpha](auto d, auto x) {
        return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, alpha)));
      });
    case Activation::kElu:
      return Map(z, size, a, [alpha](auto d, auto x) { return EluOf(d, x, T{1}, alpha); });
    case Activation::kSelu:
      return Map(z, size, a, [](auto d, auto x) {
        return EluOf(d, x, static_cast<T>(kSeluScale), static_cast<T>(kSeluLimit));
      });
    case Activation::kGelu:
      return Map(z, size, a, [](auto d, auto x) { return GeluOf(d, x); });
    case Activation::kGeluTanh:
      return Map(z, size, a, [](auto d, auto x) { return GeluTanhOf(d, x); });
    case Activation::kSilu:
      return Map(z, size, a, [](auto d, auto x) { return SiluOf(d, x); });
    case Activation::kSoftplus:
      return Map(z, size, a, [](auto d, auto x) { return SoftplusOf(d, x); });
    case Activation::kSoftsign:
      return Map(z, size, a, [](auto d, auto x) { return SoftsignOf(d, x); });
    case Activation::kHardSigmoid:
      return Map(z, size, a, [](auto d, auto x) { return HardSigmoidOf(d, x); });
    case Activation::kMish:
      return Map(z, size, a, [](auto d, auto x) { return MishOf(d, x); });
    case Activation::kExponential:
      return Map(z, size, a, [](auto d, auto x) { return ExponentialOf(d, x); });
    case Activation::kLogSoftmax:
      if (axis == SampleAxis::kColumns) return LogSoftmaxColumns(z, m, units, a);
      for (size_t j = 0; j < m; j++) LogSoftmax(z + j * units, units, 1, a + j * units);
      return;
  }
}

template <typename T>
void Backward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* da,
              const T* z, const T* a, T* dz) {
  const size_t size = m * units;
  switch (activation) {
    case Activation::kLinear:
      if (dz != da) std::copy_n(da, size, dz);
      return;
    case Activation::kSigmoid:
      return Map(da, a, size, dz,
                 [](auto d, auto g, auto y) { return hn::Mul(g, hn::Mul(y, hn::Sub(hn::Set(d, 1), y))); });
    case Activation::kRelu:
      return Map(da, a, size, dz,
                 [](auto d, auto g, auto y) { return hn::IfThenZeroElse(hn::Le(y, hn::Zero(d)), g); });
    case Activation::kTanh:
      return Map(da, a, size, dz,
                 [](auto d, auto g, auto y) { return hn::Mul(g, hn::NegMulAdd(y, y, hn::Set(d, 1))); });
    case Activation::kSoftmax:
      return ForSamples(axis, m, units, [=](size_t first, size_t stride) {
        SoftmaxBackward(da + first, a + first, units, stride, dz + first);
      });
    case Activation::kLeakyRelu:
      return Map(da, a, size, dz, [alpha](auto d, auto g, auto y) {
        return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), g, hn::Mul(g, hn::Set(d, alpha)));
      });
    case Activation::kElu:
      return Map(da, a, size, dz,
                 [alpha](auto d, auto g, auto y) { return hn::Mul(g, EluSlope(d, y, T{1}, alpha)); });
    case Activation::kSelu:
      return Map(da, a, size, dz, [](auto d, auto g, auto y) {
        return hn::Mul(g, EluSlope(d, y, static_cast<T>(kSeluScale), static_cast<T>(kSeluLimit)));
      });
    case Activation::kGelu:
      return Map(da, z, size, dz, [](auto d, auto g, auto x) { return hn::Mul(g, GeluSlope(d, x)); });
    case Activation::kGeluTanh:
      return Map(da, z, size, dz, [](auto d, auto g, auto x) { return hn::Mul(g, GeluTanhSlope(d, x)); });
    case Activation::kSilu:
      return Map(da, z, size, dz, [](auto d, auto g, auto x) { return hn::Mul(g, SiluSlope(d, x)); });
    case Activation::kSoftplus:
      return Map(da, a, size, dz,
                 [](auto d, auto g, auto y) { return hn::Mul(g, hn::Neg(Expm1Of(d, hn::Neg(y)))); });
    case Activation::kSoftsign:
      return Map(da, a, size, dz, [](auto d, auto g, auto y) {
        const auto rest = hn::Sub(hn::Set(d, 1), hn::Abs(y));
        return hn::Mul(g, hn::Mul(rest, rest));
      });
    case Activation::kHardSigmoid:
      return Map(da, a, size, dz, [](auto d, auto g, auto y) {
        const auto flat = hn::Or(hn::Le(y, hn::Zero(d)), hn::Ge(y, hn::Set(d, 1)));
        return hn::IfThenZeroElse(flat, hn::Div(g, hn::Set(d, 6)));
      });
    case Activation::kMish:
      return Map(da, z, size, dz, [](auto d, auto g, auto x) { return hn::Mul(g, MishSlope(d, x)); });
    case Activation::kExponential:
      return Map(da, a, size, dz, [](auto, auto g, auto y) { return hn::Mul(g, y); });
    case Activation::kLogSoftmax:
      return ForSamples(axis, m, units, [=](size_t first, size_t stride) {
        LogSoftmaxBackward(da + first, a + first, units, stride, dz + first);
      });
  }
}

void ForwardF64(Activation activation, double alpha, SampleAxis axis, size_t m, size_t units, const double* z,
                double* a) {
  Forward(activation, alpha, axis, m, units, z, a);
}
void ForwardF32(Activation activation, float alpha, SampleAxis axis, size_t m, size_t units, const float* z,
                float* a) {
  Forward(activation, alpha, axis, m, units, z, a);
}
void BackwardF64(Activation activation, double alpha, SampleAxis axis, size_t m, size_t units,
                 const double* da, const double* z, const double* a, double* dz) {
  Backward(activation, alpha, axis, m, units, da, z, a, dz);
}
void BackwardF32(Activation activation, float alpha, SampleAxis axis, size_t m, size_t units, const float* da,
                 const float* z, const float* a, float* dz) {
  Backward(activation, alpha, axis, m, units, da, z, a, dz);
}
const char* TargetName() { return hwy::TargetName(HWY_TARGET); }

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(ForwardF64);
HWY_EXPORT(ForwardF32);
HWY_EXPORT(BackwardF64);
HWY_EXPORT(BackwardF32);
HWY_EXPORT(TargetName);

template <>
void ActivationForward(Activation activation, double alpha, SampleAxis axis, size_t m, size_t units,
                       const double* z, double* a) {
  HWY_DYNAMIC_DISPATCH(ForwardF64)(activation, alpha, axis, m, units, z, a);
}
template <>
void ActivationForward(Activation activation, float alpha, SampleAxis axis, size_t m, size_t units,
                       const float* z, float* a) {
  HWY_DYNAMIC_DISPATCH(ForwardF32)(activation, alpha, axis, m, units, z, a);
}
template <>
void ActivationBackward(Activation activation, double alpha, SampleAxis axis, size_t m, size_t units,
                        const double* da, const double* z, const double* a, double* dz) {
  HWY_DYNAMIC_DISPATCH(BackwardF64)(activation, alpha, axis, m, units, da, z, a, dz);
}
template <>
void ActivationBackward(Activation activation, float alpha, SampleAxis axis, size_t m, size_t units,
                        const float* da, const float* z, const float* a, float* dz) {
  HWY_DYNAMIC_DISPATCH(BackwardF32)(activation, alpha, axis, m, units, da, z, a, dz);
}

const char* SimdTarget() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

std::string SimdTargets() {
  std::string names;
  // A target is a bit, and a better one a lower bit.
  for (int64_t bit = 1; bit > 0 && bit <= HWY_STATIC_TARGET; bit <<= 1) {
    if ((HWY_TARGETS & bit) == 0) continue;
    names += names.empty() ? "" : " ";
    names += hwy::TargetName(bit);
  }
  return names;
}

}  // namespace blasnet
#endif  // HWY_ONCE
