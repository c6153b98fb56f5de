#include "kernels/losses.h"

#include <algorithm>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/losses.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/functions-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
double BceLogits(const T* z, const T* y, size_t size, T scale, T* dz) {
  const double loss = SumOf(z, y, size, [](auto d, auto logit, auto label) {
    const auto tail = hn::Log1p(d, ExpOf(d, hn::Neg(hn::Abs(logit))));
    return hn::Add(hn::NegMulAdd(logit, label, hn::Max(logit, hn::Zero(d))), tail);
  });
  if (dz != nullptr) {
    Map(z, y, size, dz, [scale](auto d, auto logit, auto label) {
      return hn::Mul(hn::Sub(SigmoidOf(d, logit), label), hn::Set(d, scale));
    });
  }
  return loss;
}

// P between its bounds; NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V InsideUnitInterval(D d, V p) {
  using T = hn::TFromD<D>;
  const V least = hn::Set(d, std::numeric_limits<T>::min());
  const V most = hn::Set(d, T{1} - std::numeric_limits<T>::epsilon() / 2);
  const V raised = hn::IfThenElse(hn::Lt(p, least), least, p);
  return hn::IfThenElse(hn::Gt(raised, most), most, raised);
}

template <typename T>
double Bce(const T* p, const T* y, size_t size) {
  return -SumOf(p, y, size, [](auto d, auto probability, auto label) {
    const auto one = hn::Set(d, 1);
    const auto inside = InsideUnitInterval(d, probability);
    const auto hit = hn::Mul(label, hn::Log(d, inside));
    const auto miss = hn::Mul(hn::Sub(one, label), hn::Log(d, hn::Sub(one, inside)));
    return hn::IfThenElse(hn::IsNaN(probability), probability, hn::Add(hit, miss));
  });
}

template <typename T>
void BceBackward(const T* p, const T* y, size_t size, T* da) {
  Map(p, y, size, da, [](auto d, auto probability, auto label) {
    const auto one = hn::Set(d, 1);
    const auto inside = InsideUnitInterval(d, probability);
    return hn::Sub(hn::Div(hn::Sub(one, label), hn::Sub(one, inside)), hn::Div(label, inside));
  });
}

template <typename T>
double CceLogits(const T* z, const T* y, size_t m, size_t outputs, T scale, T* dz) {
  double loss = 0;
  for (size_t row = 0; row < m; row++) {
    const T* logits = z + row * outputs;
    const T* labels = y + row * outputs;
    T maximum = logits[0], label_sum = 0, picked = 0;
    for (size_t i = 1; i < outputs; i++) maximum = std::max(maximum, logits[i]);
    for (size_t i = 0; i < outputs; i++) {
      label_sum += labels[i];
      picked += labels[i] * (logits[i] - maximum);
    }
    const T log_sum = static_cast<T>(std::log(SumOf(logits, logits, outputs, [maximum](auto d, auto x, auto) {
      return ExpOf(d, hn::Sub(x, hn::Set(d, maximum)));
    })));
    loss += static_cast<double>(label_sum * log_sum - picked);
    if (dz == nullptr) continue;
    Map(logits, labels, outputs, dz + row * outputs, [=](auto d, auto x, auto label) {
      const auto shifted = hn::Sub(hn::Sub(x, hn::Set(d, maximum)), hn::Set(d, log_sum));
      return hn::Mul(hn::MulSub(ExpOf(d, shifted), hn::Set(d, label_sum), label), hn::Set(d, scale));
    });
  }
  return loss;
}

template <typename T>
double Mse(const T* a, const T* y, size_t m, size_t outputs, T scale, T* da) {
  const size_t size = m * outputs;
  const double sum = SumOf(a, y, size, [](auto, auto output, auto label) {
    const auto difference = hn::Sub(output, label);
    return hn::Mul(difference, difference);
  });
  if (da != nullptr) {
    const T factor = 2 * scale / static_cast<T>(outputs);
    Map(a, y, size, da, [factor](auto d, auto output, auto label) {
      return hn::Mul(hn::Sub(output, label), hn::Set(d, factor));
    });
  }
  return sum / static_cast<double>(outputs);
}

double BceLogitsF64(const double* z, const double* y, size_t size, double scale, double* dz) {
  return BceLogits(z, y, size, scale, dz);
}
double BceLogitsF32(const float* z, const float* y, size_t size, float scale, float* dz) {
  return BceLogits(z, y, size, scale, dz);
}
double BceF64(const double* p, const double* y, size_t size) { return Bce(p, y, size); }
double BceF32(const float* p, const float* y, size_t size) { return Bce(p, y, size); }
void BceBackwardF64(const double* p, const double* y, size_t size, double* da) {
  BceBackward(p, y, size, da);
}
void BceBackwardF32(const float* p, const float* y, size_t size, float* da) { BceBackward(p, y, size, da); }
double CceLogitsF64(const double* z, const double* y, size_t m, size_t outputs, double scale, double* dz) {
  return CceLogits(z, y, m, outputs, scale, dz);
}
double CceLogitsF32(const float* z, const float* y, size_t m, size_t outputs, float scale, float* dz) {
  return CceLogits(z, y, m, outputs, scale, dz);
}
double MseF64(const double* a, const double* y, size_t m, size_t outputs, double scale, double* da) {
  return Mse(a, y, m, outputs, scale, da);
}
double MseF32(const float* a, const float* y, size_t m, size_t outputs, float scale, float* da) {
  return Mse(a, y, m, outputs, scale, da);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(BceLogitsF64);
HWY_EXPORT(BceLogitsF32);
HWY_EXPORT(BceF64);
HWY_EXPORT(BceF32);
HWY_EXPORT(BceBackwardF64);
HWY_EXPORT(BceBackwardF32);
HWY_EXPORT(CceLogitsF64);
HWY_EXPORT(CceLogitsF32);
HWY_EXPORT(MseF64);
HWY_EXPORT(MseF32);

template <>
double BinaryCrossEntropyFromLogits(const double* z, const double* y, size_t size, double scale, double* dz) {
  return HWY_DYNAMIC_DISPATCH(BceLogitsF64)(z, y, size, scale, dz);
}
template <>
double BinaryCrossEntropyFromLogits(const float* z, const float* y, size_t size, float scale, float* dz) {
  return HWY_DYNAMIC_DISPATCH(BceLogitsF32)(z, y, size, scale, dz);
}
template <>
double BinaryCrossEntropy(const double* p, const double* y, size_t size) {
  return HWY_DYNAMIC_DISPATCH(BceF64)(p, y, size);
}
template <>
double BinaryCrossEntropy(const float* p, const float* y, size_t size) {
  return HWY_DYNAMIC_DISPATCH(BceF32)(p, y, size);
}
template <>
void BinaryCrossEntropyBackward(const double* p, const double* y, size_t size, double* da) {
  HWY_DYNAMIC_DISPATCH(BceBackwardF64)(p, y, size, da);
}
template <>
void BinaryCrossEntropyBackward(const float* p, const float* y, size_t size, float* da) {
  HWY_DYNAMIC_DISPATCH(BceBackwardF32)(p, y, size, da);
}
template <>
double CategoricalCrossEntropyFromLogits(const double* z, const double* y, size_t m, size_t outputs,
                                         double scale, double* dz) {
  return HWY_DYNAMIC_DISPATCH(CceLogitsF64)(z, y, m, outputs, scale, dz);
}
template <>
double CategoricalCrossEntropyFromLogits(const float* z, const float* y, size_t m, size_t outputs,
                                         float scale, float* dz) {
  return HWY_DYNAMIC_DISPATCH(CceLogitsF32)(z, y, m, outputs, scale, dz);
}
template <>
double MeanSquaredError(const double* a, const double* y, size_t m, size_t outputs, double scale,
                        double* da) {
  return HWY_DYNAMIC_DISPATCH(MseF64)(a, y, m, outputs, scale, da);
}
template <>
double MeanSquaredError(const float* a, const float* y, size_t m, size_t outputs, float scale, float* da) {
  return HWY_DYNAMIC_DISPATCH(MseF32)(a, y, m, outputs, scale, da);
}

template <typename T>
size_t CountBinaryHits(SampleAxis axis, const T* a, const T* y, size_t m, size_t outputs, T threshold) {
  const size_t sample_stride = axis == SampleAxis::kRows ? outputs : 1;
  const size_t output_stride = axis == SampleAxis::kRows ? 1 : m;
  size_t hits = 0;
  for (size_t sample = 0; sample < m; sample++) {
    bool hit = true;
    for (size_t output = 0; output < outputs; output++) {
      const size_t i = sample * sample_stride + output * output_stride;
      hit &= y[i] == (a[i] > threshold ? T{1} : T{0});
    }
    hits += hit;
  }
  return hits;
}
template size_t CountBinaryHits(SampleAxis, const double*, const double*, size_t, size_t, double);
template size_t CountBinaryHits(SampleAxis, const float*, const float*, size_t, size_t, float);

template <typename T>
size_t CountCategoricalHits(const T* a, const T* y, size_t m, size_t outputs) {
  size_t hits = 0;
  for (size_t row = 0; row < m; row++, a += outputs, y += outputs) {
    hits += std::max_element(a, a + outputs) - a == std::max_element(y, y + outputs) - y;
  }
  return hits;
}
template size_t CountCategoricalHits(const double*, const double*, size_t, size_t);
template size_t CountCategoricalHits(const float*, const float*, size_t, size_t);

}  // namespace blasnet
#endif  // HWY_ONCE
