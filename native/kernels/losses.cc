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
  const double sum = SumOf(p, y, size, [](auto d, auto probability, auto label) {
    const auto one = hn::Set(d, 1);
    const auto inside = InsideUnitInterval(d, probability);
    const auto hit = hn::Mul(label, hn::Log(d, inside));
    const auto miss = hn::Mul(hn::Sub(one, label), hn::Log(d, hn::Sub(one, inside)));
    return hn::IfThenElse(hn::IsNaN(probability), probability, hn::Add(hit, miss));
  });
  return 0 - sum;  // and so never -0
}

template <typename T>
void BceBackward(const T* p, const T* y, size_t size, T* da) {
  Map(p, y, size, da, [](auto d, auto probability, auto label) {
    const auto one = hn::Set(d, 1);
    const auto inside = InsideUnitInterval(d, probability);
    return hn::Sub(hn::Div(hn::Sub(one, label), hn::Sub(one, inside)), hn::Div(label, inside));
  });
}

// A vector of samples at a time, each lane its own.
template <typename T>
Totals CceLogits(const T* z, const T* y, size_t m, size_t outputs, size_t ld, T scale, T* dz) {
  const Lanes<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t step = hn::Lanes(d);
  Totals totals;
  for (size_t j = 0; j < m; j += step) {
    const size_t count = std::min(step, m - j);
    const auto load = [&](const T* row) {
      return count == step ? hn::LoadU(d, row + j) : LoadFirst(d, row + j, count);
    };
    V maximum = load(z), best = hn::Zero(d);
    V most = load(y), label = hn::Zero(d), label_sum = most;
    for (size_t i = 1; i < outputs; i++) {
      const V x = load(z + i * ld), t = load(y + i * ld), index = hn::Set(d, static_cast<T>(i));
      const auto above = hn::Gt(x, maximum), more = hn::Gt(t, most);
      maximum = hn::IfThenElse(above, x, maximum);
      best = hn::IfThenElse(above, index, best);
      most = hn::IfThenElse(more, t, most);
      label = hn::IfThenElse(more, index, label);
      label_sum = hn::Add(label_sum, t);
    }
    V sum = hn::Zero(d), picked = hn::Zero(d);
    for (size_t i = 0; i < outputs; i++) {
      const V shifted = hn::Sub(load(z + i * ld), maximum);
      sum = hn::Add(sum, ExpOf(d, shifted));
      picked = hn::MulAdd(load(y + i * ld), shifted, picked);
    }
    const V log_sum = hn::IfThenElse(hn::IsNaN(sum), sum, hn::Log(d, sum));
    Buffer<T> losses;
    hn::Store(hn::MulSub(label_sum, log_sum, picked), d, losses.lanes);
    for (size_t k = 0; k < count; k++) totals.loss += static_cast<double>(losses.lanes[k]);
    totals.hits += hn::CountTrue(d, hn::And(hn::Eq(best, label), hn::FirstN(d, count)));
    if (dz == nullptr) continue;
    for (size_t i = 0; i < outputs; i++) {
      const V shifted = hn::Sub(hn::Sub(load(z + i * ld), maximum), log_sum);
      const V gradient =
          hn::Mul(hn::MulSub(ExpOf(d, shifted), label_sum, load(y + i * ld)), hn::Set(d, scale));
      if (count == step) {
        hn::StoreU(gradient, d, dz + i * ld + j);
      } else {
        StoreFirst(d, gradient, dz + i * ld + j, count);
      }
    }
  }
  return totals;
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
Totals CceLogitsF64(const double* z, const double* y, size_t m, size_t outputs, size_t ld, double scale,
                    double* dz) {
  return CceLogits(z, y, m, outputs, ld, scale, dz);
}
Totals CceLogitsF32(const float* z, const float* y, size_t m, size_t outputs, size_t ld, float scale,
                    float* dz) {
  return CceLogits(z, y, m, outputs, ld, scale, dz);
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
Totals CategoricalCrossEntropyFromLogits(const double* z, const double* y, size_t m, size_t outputs,
                                         size_t ld, double scale, double* dz) {
  return HWY_DYNAMIC_DISPATCH(CceLogitsF64)(z, y, m, outputs, ld, scale, dz);
}
template <>
Totals CategoricalCrossEntropyFromLogits(const float* z, const float* y, size_t m, size_t outputs, size_t ld,
                                         float scale, float* dz) {
  return HWY_DYNAMIC_DISPATCH(CceLogitsF32)(z, y, m, outputs, ld, scale, dz);
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
size_t CountBinaryHits(const T* a, const T* y, size_t m, size_t outputs, size_t ld, T threshold) {
  size_t hits = 0;
  for (size_t j = 0; j < m; j++) {
    bool hit = true;
    for (size_t i = 0; i < outputs; i++) hit &= y[i * ld + j] == (a[i * ld + j] > threshold ? T{1} : T{0});
    hits += hit;
  }
  return hits;
}
template size_t CountBinaryHits(const double*, const double*, size_t, size_t, size_t, double);
template size_t CountBinaryHits(const float*, const float*, size_t, size_t, size_t, float);

}  // namespace blasnet
#endif  // HWY_ONCE
