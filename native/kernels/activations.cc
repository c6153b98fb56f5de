#include "kernels/activations.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activations.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Takes whole vectors of samples, then the rest one by one, with equal operations in equal order: so every
// sample gets equal bits.
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
  for (; j < m; j++) SoftmaxOf(z + j, units, m, a + j);
}

// Like SoftmaxColumns, but the last samples use partly filled vectors.
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

// For one sample. dz may be da or a.
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

// Calls body(first, stride) for every sample: the index of its first unit, and the distance between units.
template <class F>
void ForSamples(SampleAxis axis, size_t m, size_t units, const F& body) {
  const bool rows = axis == SampleAxis::kRows;
  for (size_t j = 0; j < m; j++) body(rows ? j * units : j, rows ? size_t{1} : m);
}

// The formulas of each activation. Forward(d, z) turns a vector of Z into A. Backward(d, g, v) turns a vector
// g of dA into dZ, where v is A or Z, as the activation's row says. `alpha` is the activation's parameter, if
// it has one.
template <typename T>
struct WithAlpha {
  T alpha;
};

// A = Z: copied, or left in place.
template <typename T>
struct Linear : WithAlpha<T> {};

template <typename T>
struct Sigmoid : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return SigmoidOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::Mul(g, hn::Mul(a, hn::Sub(hn::Set(d, 1), a)));
  }
};

template <typename T>
struct Relu : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return ReluOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::IfThenZeroElse(hn::Le(a, hn::Zero(d)), g);
  }
};

template <typename T>
struct Tanh : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return TanhOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::Mul(g, hn::NegMulAdd(a, a, hn::Set(d, 1)));
  }
};

template <typename T>
struct LeakyRelu : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return hn::IfThenElse(hn::Gt(z, hn::Zero(d)), z, hn::Mul(z, hn::Set(d, this->alpha)));
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::IfThenElse(hn::Gt(a, hn::Zero(d)), g, hn::Mul(g, hn::Set(d, this->alpha)));
  }
};

template <typename T>
struct Elu : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return EluOf(d, z, T{1}, this->alpha);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::Mul(g, EluSlope(d, a, T{1}, this->alpha));
  }
};

// Klambauer et al., "Self-normalizing neural networks", 2017.
template <typename T>
struct Selu : WithAlpha<T> {
  static constexpr T kScale = static_cast<T>(1.0507009873554804934);
  static constexpr T kLimit = static_cast<T>(1.7580993408473768599);  // kScale * 1.6732632423543772848
  template <class D, class V>
  V Forward(D d, V z) const {
    return EluOf(d, z, kScale, kLimit);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::Mul(g, EluSlope(d, a, kScale, kLimit));
  }
};

template <typename T>
struct Gelu : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return GeluOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V z) const {
    return hn::Mul(g, GeluSlope(d, z));
  }
};

template <typename T>
struct GeluTanh : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return GeluTanhOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V z) const {
    return hn::Mul(g, GeluTanhSlope(d, z));
  }
};

template <typename T>
struct Silu : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return SiluOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V z) const {
    return hn::Mul(g, SiluSlope(d, z));
  }
};

template <typename T>
struct Softplus : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return SoftplusOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    return hn::Mul(g, hn::Neg(Expm1Of(d, hn::Neg(a))));
  }
};

template <typename T>
struct Softsign : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return SoftsignOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    const V rest = hn::Sub(hn::Set(d, 1), hn::Abs(a));
    return hn::Mul(g, hn::Mul(rest, rest));
  }
};

template <typename T>
struct HardSigmoid : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return HardSigmoidOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V a) const {
    const auto flat = hn::Or(hn::Le(a, hn::Zero(d)), hn::Ge(a, hn::Set(d, 1)));
    return hn::IfThenZeroElse(flat, hn::Div(g, hn::Set(d, 6)));
  }
};

template <typename T>
struct Mish : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return MishOf(d, z);
  }
  template <class D, class V>
  V Backward(D d, V g, V z) const {
    return hn::Mul(g, MishSlope(d, z));
  }
};

template <typename T>
struct Exponential : WithAlpha<T> {
  template <class D, class V>
  V Forward(D d, V z) const {
    return ExponentialOf(d, z);
  }
  template <class D, class V>
  V Backward(D, V g, V a) const {
    return hn::Mul(g, a);
  }
};

// The next two depend on all units of a sample, so they take all samples at once.
template <typename T>
struct Softmax : WithAlpha<T> {
  static void Forward(SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
    if (axis == SampleAxis::kColumns) return SoftmaxColumns(z, m, units, a);
    for (size_t j = 0; j < m; j++) SoftmaxOf(z + j * units, units, 1, a + j * units);
  }
  static void Backward(SampleAxis axis, size_t m, size_t units, const T* da, const T* a, T* dz) {
    ForSamples(axis, m, units, [=](size_t first, size_t stride) {
      SoftmaxBackward(da + first, a + first, units, stride, dz + first);
    });
  }
};

template <typename T>
struct LogSoftmax : WithAlpha<T> {
  static void Forward(SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
    if (axis == SampleAxis::kColumns) return LogSoftmaxColumns(z, m, units, a);
    for (size_t j = 0; j < m; j++) LogSoftmaxOf(z + j * units, units, 1, a + j * units);
  }
  static void Backward(SampleAxis axis, size_t m, size_t units, const T* da, const T* a, T* dz) {
    ForSamples(axis, m, units, [=](size_t first, size_t stride) {
      LogSoftmaxBackward(da + first, a + first, units, stride, dz + first);
    });
  }
};

template <Activation activation, typename T, class Formula>
void ForwardBy(const Formula& formula, SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
  if constexpr (NeedsAllUnits(activation)) {
    Formula::Forward(axis, m, units, z, a);
  } else if constexpr (activation == Activation::kLinear) {
    if (a != z) std::copy_n(z, m * units, a);
  } else {
    Map(z, m * units, a, [formula](auto d, auto x) { return formula.Forward(d, x); });
  }
}

template <Activation activation, typename T, class Formula>
void BackwardBy(const Formula& formula, SampleAxis axis, size_t m, size_t units, const T* da, const T* z,
                const T* a, T* dz) {
  if constexpr (NeedsAllUnits(activation)) {
    Formula::Backward(axis, m, units, da, a, dz);
  } else if constexpr (activation == Activation::kLinear) {
    if (dz != da) std::copy_n(da, m * units, dz);
  } else {
    Map(da, NeedsInputs(activation) ? z : a, m * units, dz,
        [formula](auto d, auto g, auto x) { return formula.Backward(d, g, x); });
  }
}

template <typename T>
void Forward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
  switch (activation) {
#define BLASNET_ROW(Name, name, depends_on, slope_from) \
  case Activation::k##Name:                             \
    return ForwardBy<Activation::k##Name>(Name<T>{{alpha}}, axis, m, units, z, a);
    BLASNET_ACTIVATIONS(BLASNET_ROW)
#undef BLASNET_ROW
  }
}

template <typename T>
void Backward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* da,
              const T* z, const T* a, T* dz) {
  switch (activation) {
#define BLASNET_ROW(Name, name, depends_on, slope_from) \
  case Activation::k##Name:                             \
    return BackwardBy<Activation::k##Name>(Name<T>{{alpha}}, axis, m, units, da, z, a, dz);
    BLASNET_ACTIVATIONS(BLASNET_ROW)
#undef BLASNET_ROW
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
  // Each target is a bit; better targets have lower bits.
  for (int64_t bit = 1; bit > 0 && bit <= HWY_STATIC_TARGET; bit <<= 1) {
    if ((HWY_TARGETS & bit) == 0) continue;
    names += names.empty() ? "" : " ";
    names += hwy::TargetName(bit);
  }
  return names;
}

}  // namespace blasnet
#endif  // HWY_ONCE
