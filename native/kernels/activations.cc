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

template <typename T>
void SoftmaxBackward(const T* da, const T* a, size_t units, size_t stride, T* dz) {
  T dot = 0;
  for (size_t i = 0; i < units; i++) dot += da[i * stride] * a[i * stride];
  for (size_t i = 0; i < units; i++) dz[i * stride] = a[i * stride] * (da[i * stride] - dot);
}

template <typename T>
void Forward(Activation activation, SampleAxis axis, size_t m, size_t units, const T* z, T* a) {
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
      if (axis == SampleAxis::kRows) {
        for (size_t j = 0; j < m; j++) Softmax(z + j * units, units, 1, a + j * units);
      } else {
        SoftmaxColumns(z, m, units, a);
      }
      return;
  }
}

template <typename T>
void Backward(Activation activation, SampleAxis axis, size_t m, size_t units, const T* da, const T* a,
              T* dz) {
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
      for (size_t j = 0; j < m; j++) {
        if (axis == SampleAxis::kRows) {
          SoftmaxBackward(da + j * units, a + j * units, units, 1, dz + j * units);
        } else {
          SoftmaxBackward(da + j, a + j, units, m, dz + j);
        }
      }
      return;
  }
}

void ForwardF64(Activation activation, SampleAxis axis, size_t m, size_t units, const double* z, double* a) {
  Forward(activation, axis, m, units, z, a);
}
void ForwardF32(Activation activation, SampleAxis axis, size_t m, size_t units, const float* z, float* a) {
  Forward(activation, axis, m, units, z, a);
}
void BackwardF64(Activation activation, SampleAxis axis, size_t m, size_t units, const double* da,
                 const double* a, double* dz) {
  Backward(activation, axis, m, units, da, a, dz);
}
void BackwardF32(Activation activation, SampleAxis axis, size_t m, size_t units, const float* da,
                 const float* a, float* dz) {
  Backward(activation, axis, m, units, da, a, dz);
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
void ActivationForward(Activation activation, SampleAxis axis, size_t m, size_t units, const double* z,
                       double* a) {
  HWY_DYNAMIC_DISPATCH(ForwardF64)(activation, axis, m, units, z, a);
}
template <>
void ActivationForward(Activation activation, SampleAxis axis, size_t m, size_t units, const float* z,
                       float* a) {
  HWY_DYNAMIC_DISPATCH(ForwardF32)(activation, axis, m, units, z, a);
}
template <>
void ActivationBackward(Activation activation, SampleAxis axis, size_t m, size_t units, const double* da,
                        const double* a, double* dz) {
  HWY_DYNAMIC_DISPATCH(BackwardF64)(activation, axis, m, units, da, a, dz);
}
template <>
void ActivationBackward(Activation activation, SampleAxis axis, size_t m, size_t units, const float* da,
                        const float* a, float* dz) {
  HWY_DYNAMIC_DISPATCH(BackwardF32)(activation, axis, m, units, da, a, dz);
}

const char* SimdTarget() { return HWY_DYNAMIC_DISPATCH(TargetName)(); }

}  // namespace blasnet
#endif  // HWY_ONCE
