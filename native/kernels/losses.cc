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

// Returns the sum of value(d, a, y) over some rows of m samples, each row's sum divided by `divisor`. Writes
// slope(d, a, y) * factor to da. Both are multiplied by the weights.
template <typename T, class Value, class Slope>
double SumRows(const T* a, const T* y, const T* weights, size_t m, size_t rows, size_t ld, double divisor,
               T factor, T* da, const Value& value, const Slope& slope) {
  const auto weighted_value = [&](auto d, auto output, auto label, auto weight) {
    return hn::Mul(value(d, output, label), weight);
  };
  const auto gradient = [&](auto d, auto output, auto label) {
    return hn::Mul(slope(d, output, label), hn::Set(d, factor));
  };
  const auto weighted_gradient = [&](auto d, auto output, auto label, auto weight) {
    return hn::Mul(gradient(d, output, label), weight);
  };
  double total = 0;
  for (size_t i = 0; i < rows; i++, a += ld, y += ld) {
    const double sum = weights == nullptr ? SumOf(m, value, a, y) : SumOf(m, weighted_value, a, y, weights);
    total += sum / divisor;
    if (da == nullptr) continue;
    if (weights == nullptr) {
      MapAll(m, da, gradient, a, y);
    } else {
      MapAll(m, da, weighted_gradient, a, y, weights);
    }
    da += ld;
  }
  return total;
}

// The labels (outputs, m) before smoothing: as they are given, or made from classes (m).
template <typename T>
struct DenseLabels {
  const T* y;
  size_t ld;

  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, size_t i, size_t j, size_t count) const {
    return LoadSome(d, y + i * ld + j, count);
  }
};

template <typename T>
struct SparseLabels {
  const T* classes;

  template <class D>
  HWY_INLINE hn::Vec<D> Load(D d, size_t i, size_t j, size_t count) const {
    const auto label = LoadSome(d, classes + j, count);
    const auto one_hot = hn::IfThenElseZero(hn::Eq(label, hn::Set(d, static_cast<T>(i))), hn::Set(d, 1));
    return hn::IfThenElse(hn::IsNaN(label), label, one_hot);
  }
};

// Takes a vector of samples at a time, one sample per lane.
template <typename T, class Labels>
Totals CrossEntropy(const T* z, const Labels& labels, T smoothing, const T* weights, size_t m, size_t outputs,
                    size_t ld, T scale, T* dz) {
  const Lanes<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t step = hn::Lanes(d);
  const V keep = hn::Set(d, 1 - smoothing), share = hn::Set(d, smoothing / static_cast<T>(outputs));
  Totals totals;
  for (size_t j = 0; j < m; j += step) {
    const size_t count = std::min(step, m - j);
    const auto logit = [&](size_t i) { return LoadSome(d, z + i * ld + j, count); };
    const auto smooth = [&](V label) { return hn::MulAdd(label, keep, share); };
    V maximum = logit(0), best = hn::Zero(d);
    V most = labels.Load(d, 0, j, count), label = hn::Zero(d), label_sum = smooth(most);
    for (size_t i = 1; i < outputs; i++) {
      const V x = logit(i), t = labels.Load(d, i, j, count), index = hn::Set(d, static_cast<T>(i));
      const auto above = hn::Gt(x, maximum), more = hn::Gt(t, most);
      maximum = hn::IfThenElse(above, x, maximum);
      best = hn::IfThenElse(above, index, best);
      most = hn::IfThenElse(more, t, most);
      label = hn::IfThenElse(more, index, label);
      label_sum = hn::Add(label_sum, smooth(t));
    }
    V sum = hn::Zero(d), picked = hn::Zero(d);
    for (size_t i = 0; i < outputs; i++) {
      const V shifted = hn::Sub(logit(i), maximum);
      sum = hn::Add(sum, ExpOf(d, shifted));
      picked = hn::MulAdd(smooth(labels.Load(d, i, j, count)), shifted, picked);
    }
    const V log_sum = hn::IfThenElse(hn::IsNaN(sum), sum, hn::Log(d, sum));
    const V weight = weights == nullptr ? hn::Set(d, 1) : LoadSome(d, weights + j, count);
    Buffer<T> losses;
    hn::Store(hn::Mul(hn::MulSub(label_sum, log_sum, picked), weight), d, losses.lanes);
    for (size_t k = 0; k < count; k++) totals.loss += static_cast<double>(losses.lanes[k]);
    totals.hits += hn::CountTrue(d, hn::And(hn::Eq(best, label), hn::FirstN(d, count)));
    if (dz == nullptr) continue;
    const V factor = hn::Mul(hn::Set(d, scale), weight);
    for (size_t i = 0; i < outputs; i++) {
      const V shifted = hn::Sub(hn::Sub(logit(i), maximum), log_sum);
      const V target = smooth(labels.Load(d, i, j, count));
      const V gradient = hn::Mul(hn::MulSub(ExpOf(d, shifted), label_sum, target), factor);
      StoreSome(d, gradient, dz + i * ld + j, count);
    }
  }
  return totals;
}

// max(0, 1 - y * a); NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V HingeOf(D d, V a, V y) {
  return ReluOf(d, hn::NegMulAdd(y, a, hn::Set(d, 1)));
}

// Keeps poisson's logarithm finite at 0; the value is Keras's.
constexpr double kPoissonEpsilon = 1e-7;

// max(P, 2^-100). So y / P, and its products with weights, are finite in both types. NaN stays NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V OffZero(D d, V p) {
  const V least = hn::Set(d, static_cast<hn::TFromD<D>>(0x1p-100));
  return hn::IfThenElse(hn::Lt(p, least), least, p);
}

// The level of an output.
double LevelOf(const LossSpec& spec, size_t output) {
  if (spec.levels.empty()) return 0.5;
  return spec.levels[std::min(output, spec.levels.size() - 1)];
}

// The loss of one output, as SumRows computes it.
template <typename T>
double Pinball(double level, const T* a, const T* y, const T* weights, size_t m, double divisor, T factor,
               T* da) {
  const T below = static_cast<T>(level), above = static_cast<T>(1 - level);
  return SumRows(
      a, y, weights, m, 1, m, divisor, factor, da,
      [=](auto d, auto output, auto label) {
        const auto difference = hn::Sub(output, label);
        // NaN stays NaN, since it is not above 0.
        return hn::IfThenElse(hn::Gt(difference, hn::Zero(d)), hn::Mul(difference, hn::Set(d, above)),
                              hn::Mul(hn::Neg(difference), hn::Set(d, below)));
      },
      [=](auto d, auto output, auto label) {
        const auto difference = hn::Sub(output, label), zero = hn::Zero(d);
        const auto slope = hn::IfThenElse(hn::Gt(difference, zero), hn::Set(d, above), hn::Set(d, -below));
        // The slope at a zero or NaN is the value itself.
        return hn::IfThenElse(hn::Gt(hn::Abs(difference), zero), slope, difference);
      });
}

template <typename T>
Totals LossOfTile(const LossSpec& spec, const T* a, const T* y, const T* weights, size_t m, size_t outputs,
                  size_t ld, T scale, T* da) {
  const T smoothing = static_cast<T>(spec.options.label_smoothing);
  const T mean_scale = scale / static_cast<T>(outputs);
  const auto sum = [&](double divisor, T factor, const auto& value, const auto& slope) {
    return Totals{SumRows(a, y, weights, m, outputs, ld, divisor, factor, da, value, slope)};
  };
  const auto mean = [&](T factor, const auto& value, const auto& slope) {
    return sum(static_cast<double>(outputs), factor, value, slope);
  };
  switch (spec.loss) {
    case Loss::kBinaryCrossEntropy: {
      const T keep = 1 - smoothing, share = smoothing / 2;
      const auto smooth = [keep, share](auto d, auto label) {
        return hn::MulAdd(label, hn::Set(d, keep), hn::Set(d, share));
      };
      return sum(
          1, scale,
          [=](auto d, auto logit, auto label) {
            const auto tail = hn::Log1p(d, ExpOf(d, hn::Neg(hn::Abs(logit))));
            return hn::Add(hn::NegMulAdd(logit, smooth(d, label), hn::Max(logit, hn::Zero(d))), tail);
          },
          [=](auto d, auto logit, auto label) { return hn::Sub(SigmoidOf(d, logit), smooth(d, label)); });
    }
    case Loss::kCategoricalCrossEntropy:
      return CrossEntropy(a, DenseLabels<T>{y, ld}, smoothing, weights, m, outputs, ld, scale, da);
    case Loss::kSparseCategoricalCrossEntropy:
      return CrossEntropy(a, SparseLabels<T>{y}, smoothing, weights, m, outputs, ld, scale, da);
    case Loss::kMeanSquaredError:
      return mean(
          2 * mean_scale,
          [](auto, auto output, auto label) {
            const auto difference = hn::Sub(output, label);
            return hn::Mul(difference, difference);
          },
          [](auto, auto output, auto label) { return hn::Sub(output, label); });
    case Loss::kMeanAbsoluteError:
      return mean(
          mean_scale, [](auto, auto output, auto label) { return hn::Abs(hn::Sub(output, label)); },
          [](auto d, auto output, auto label) {
            const auto difference = hn::Sub(output, label);
            // The sign of a zero or NaN is the value itself.
            const auto signed_one = hn::CopySign(hn::Set(d, 1), difference);
            const auto sloped = hn::Gt(hn::Abs(difference), hn::Zero(d));
            return hn::IfThenElse(sloped, signed_one, difference);
          });
    case Loss::kHuber: {
      const T delta = static_cast<T>(spec.options.delta);
      return mean(
          mean_scale,
          [delta](auto d, auto output, auto label) {
            const auto size = hn::Abs(hn::Sub(output, label));
            const auto bend = hn::Set(d, delta), half = hn::Set(d, static_cast<T>(0.5));
            const auto line = hn::Mul(bend, hn::NegMulAdd(half, bend, size));
            return hn::IfThenElse(hn::Gt(size, bend), line, hn::Mul(half, hn::Mul(size, size)));
          },
          [delta](auto d, auto output, auto label) {
            return Clamp(d, hn::Sub(output, label), -delta, delta);
          });
    }
    case Loss::kLogCosh:
      return mean(
          mean_scale, [](auto d, auto output, auto label) { return LogCoshOf(d, hn::Sub(output, label)); },
          [](auto d, auto output, auto label) { return TanhOf(d, hn::Sub(output, label)); });
    case Loss::kPoisson: {
      const T epsilon = static_cast<T>(kPoissonEpsilon);
      return mean(
          mean_scale,
          [epsilon](auto d, auto output, auto label) {
            return hn::NegMulAdd(label, LogOf(d, hn::Add(output, hn::Set(d, epsilon))), output);
          },
          [epsilon](auto d, auto output, auto label) {
            return hn::Sub(hn::Set(d, 1), hn::Div(label, hn::Add(output, hn::Set(d, epsilon))));
          });
    }
    case Loss::kHinge:
      return mean(
          mean_scale, [](auto d, auto output, auto label) { return HingeOf(d, output, label); },
          [](auto d, auto output, auto label) {
            const auto loss = HingeOf(d, output, label);
            const auto slope = hn::IfThenElse(hn::Gt(loss, hn::Zero(d)), hn::Neg(label), hn::Zero(d));
            return hn::IfThenElse(hn::IsNaN(loss), loss, slope);
          });
    case Loss::kKlDivergence:
      return sum(
          1, scale,
          [](auto d, auto probability, auto label) {
            const auto ratio = hn::Div(label, OffZero(d, probability));
            const auto term = hn::Mul(label, LogOf(d, ratio));
            return hn::IfThenElse(hn::Eq(label, hn::Zero(d)), hn::Mul(label, probability), term);
          },
          [](auto d, auto probability, auto label) {
            return hn::Neg(hn::Div(label, OffZero(d, probability)));
          });
    case Loss::kQuantile: {
      Totals totals;
      for (size_t i = 0; i < outputs; i++) {
        T* slopes = da == nullptr ? nullptr : da + i * ld;
        totals.loss += Pinball(LevelOf(spec, i), a + i * ld, y + i * ld, weights, m,
                               static_cast<double>(outputs), mean_scale, slopes);
      }
      return totals;
    }
  }
  return {};
}

// P, clipped to its bounds; NaN stays NaN.
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
  const double sum = SumOf(
      size,
      [](auto d, auto probability, auto label) {
        const auto one = hn::Set(d, 1);
        const auto inside = InsideUnitInterval(d, probability);
        const auto hit = hn::Mul(label, hn::Log(d, inside));
        const auto miss = hn::Mul(hn::Sub(one, label), hn::Log(d, hn::Sub(one, inside)));
        return hn::IfThenElse(hn::IsNaN(probability), probability, hn::Add(hit, miss));
      },
      p, y);
  return 0 - sum;  // never -0
}

template <typename T>
void BceBackward(const T* p, const T* y, size_t size, T* da) {
  Map(p, y, size, da, [](auto d, auto probability, auto label) {
    const auto one = hn::Set(d, 1);
    const auto inside = InsideUnitInterval(d, probability);
    return hn::Sub(hn::Div(hn::Sub(one, label), hn::Sub(one, inside)), hn::Div(label, inside));
  });
}

Totals LossF64(const LossSpec& spec, const double* z, const double* y, const double* weights, size_t m,
               size_t outputs, size_t ld, double scale, double* dz) {
  return LossOfTile(spec, z, y, weights, m, outputs, ld, scale, dz);
}
Totals LossF32(const LossSpec& spec, const float* z, const float* y, const float* weights, size_t m,
               size_t outputs, size_t ld, float scale, float* dz) {
  return LossOfTile(spec, z, y, weights, m, outputs, ld, scale, dz);
}
double BceF64(const double* p, const double* y, size_t size) { return Bce(p, y, size); }
double BceF32(const float* p, const float* y, size_t size) { return Bce(p, y, size); }
void BceBackwardF64(const double* p, const double* y, size_t size, double* da) {
  BceBackward(p, y, size, da);
}
void BceBackwardF32(const float* p, const float* y, size_t size, float* da) { BceBackward(p, y, size, da); }

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(LossF64);
HWY_EXPORT(LossF32);
HWY_EXPORT(BceF64);
HWY_EXPORT(BceF32);
HWY_EXPORT(BceBackwardF64);
HWY_EXPORT(BceBackwardF32);

namespace {

// The hits of losses with Hits::kSides; the loss itself counts the others.
template <typename T>
size_t SideHits(Loss loss, const T* z, const T* y, size_t m, size_t outputs, size_t ld) {
  if (TraitsOf(loss).hits != Hits::kSides) return 0;
  const T middle = TraitsOf(loss).labels == LabelRule::kSigns ? T{0} : T{0.5};
  size_t hits = 0;
  for (size_t j = 0; j < m; j++) {
    bool hit = true;
    for (size_t i = 0; i < outputs; i++) hit &= (y[i * ld + j] > middle) == (z[i * ld + j] > T{0});
    hits += hit;
  }
  return hits;
}

}  // namespace

template <>
Totals ComputeLoss(const LossSpec& spec, const double* z, const double* y, const double* weights, size_t m,
                   size_t outputs, size_t ld, double scale, double* dz) {
  // Counted before dz is written, because dz may be z.
  const size_t hits = SideHits(spec.loss, z, y, m, outputs, ld);
  Totals totals = HWY_DYNAMIC_DISPATCH(LossF64)(spec, z, y, weights, m, outputs, ld, scale, dz);
  totals.hits += hits;
  return totals;
}

template <>
Totals ComputeLoss(const LossSpec& spec, const float* z, const float* y, const float* weights, size_t m,
                   size_t outputs, size_t ld, float scale, float* dz) {
  // Counted before dz is written, because dz may be z.
  const size_t hits = SideHits(spec.loss, z, y, m, outputs, ld);
  Totals totals = HWY_DYNAMIC_DISPATCH(LossF32)(spec, z, y, weights, m, outputs, ld, scale, dz);
  totals.hits += hits;
  return totals;
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
