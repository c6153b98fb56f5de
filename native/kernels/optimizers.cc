#include "kernels/optimizers.h"

#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizers.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
void AddToOf(T* sum, const T* part, size_t size) {
  Map(sum, part, size, sum, [](auto, auto a, auto b) { return hn::Add(a, b); });
}

template <typename T>
void GradientDescentOf(T* parameters, const T* gradients, size_t size, T learning_rate) {
  Map(parameters, gradients, size, parameters,
      [learning_rate](auto d, auto p, auto g) { return hn::NegMulAdd(hn::Set(d, learning_rate), g, p); });
}

// The arrays of one walk.
template <typename T>
struct Arrays {
  size_t size;
  T* parameters;
  const T* gradients;
  T* states;
  size_t stride;  // distance between states
};

// parameters = step(d, p, g, a, b, c) for every vector, after any weight decay. a, b and c are references to
// the first, second and third state; those beyond `states` are not stored.
template <size_t states, bool decays, typename T, class Step>
HWY_INLINE void WalkWith(const WeightDecayConstants<T>& decay, const Arrays<T>& given, const Step& step) {
  const Lanes<T> d;
  // No store can change local copies, so the compiler may keep them in registers.
  const Arrays<T> arrays = given;
  const T penalty = decay.penalty, shrink = decay.shrink;
  const auto at = [&](size_t i, const auto& load, const auto& store) {
    auto p = load(arrays.parameters + i), g = load(arrays.gradients + i);
    auto a = hn::Zero(d), b = a, c = a;
    if constexpr (states > 0) a = load(arrays.states + i);
    if constexpr (states > 1) b = load(arrays.states + arrays.stride + i);
    if constexpr (states > 2) c = load(arrays.states + 2 * arrays.stride + i);
    if constexpr (decays) {
      g = hn::MulAdd(hn::Set(d, penalty), p, g);
      p = hn::Mul(hn::Set(d, shrink), p);
    }
    store(step(d, p, g, a, b, c), arrays.parameters + i);
    if constexpr (states > 0) store(a, arrays.states + i);
    if constexpr (states > 1) store(b, arrays.states + arrays.stride + i);
    if constexpr (states > 2) store(c, arrays.states + 2 * arrays.stride + i);
  };
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= arrays.size; i += lanes) {
    at(i, [d](const T* in) { return hn::LoadU(d, in); }, [d](auto v, T* out) { hn::StoreU(v, d, out); });
  }
  if (i < arrays.size) {
    const size_t rest = arrays.size - i;
    at(
        i, [d, rest](const T* in) { return LoadFirst(d, in, rest); },
        [d, rest](auto v, T* out) { StoreFirst(d, v, out, rest); });
  }
}

// Without decay, not even the sign of a zero may change: skip its arithmetic.
template <size_t states, typename T, class Step>
HWY_INLINE void Walk(const WeightDecayConstants<T>& decay, const Arrays<T>& arrays, const Step& step) {
  if (decay.penalty == 0 && decay.shrink == 1) return WalkWith<states, false>(decay, arrays, step);
  WalkWith<states, true>(decay, arrays, step);
}

// keep * mean + rest * value
template <class D, class V, typename T>
HWY_INLINE V MeanWith(D d, V mean, T keep, V value, T rest) {
  return hn::MulAdd(hn::Set(d, keep), mean, hn::Mul(hn::Set(d, rest), value));
}

// A mean of gradients that are 0 by now, such as those of a category that no longer occurs, or of their
// squares, ends at some hundred times the least subnormal number, for good: keep times that rounds to itself.
// Many processors are slow with such numbers, above all with their roots.
template <class D, class V>
HWY_INLINE V WithoutSubnormals(D d, V mean) {
  using T = hn::TFromD<D>;
  return hn::IfThenZeroElse(hn::Lt(hn::Abs(mean), hn::Set(d, std::numeric_limits<T>::min())), mean);
}

// p - rate * value
template <class D, class V, typename T>
HWY_INLINE V Less(D d, V p, T rate, V value) {
  return hn::NegMulAdd(hn::Set(d, rate), value, p);
}

// a / b to within an ulp, where b is above 0: for a b from a root. With AVX-512, a processor takes two to
// four times as long to divide doubles as floats, and its divider is still busy with the root.
template <class D, class V>
HWY_INLINE V Quotient(D d, V a, V b) {
#if HWY_TARGET <= HWY_AVX3
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    // An infinite b gives a step of almost 0, and a tiny one a huge step, as in the division.
    b = hn::Min(hn::Set(d, 0x1p1000), hn::Max(hn::Set(d, 0x1p-1000), b));
    // Highway has this estimate, of 14 bits, since version 1.1 only. One step gives it 42 bits.
    V inverse{_mm512_rcp14_pd(b.raw)};
    const V error = hn::NegMulAdd(b, inverse, hn::Set(d, 1.0));
    inverse = hn::MulAdd(inverse, hn::MulAdd(error, error, error), inverse);
    const V quotient = hn::Mul(a, inverse);
    return hn::MulAdd(hn::NegMulAdd(b, quotient, a), inverse, quotient);
  }
#endif
  (void)d;
  return hn::Div(a, b);
}

// sqrt(square + epsilon_in_root) + epsilon_beside_root
template <class D, class V, class Constants>
HWY_INLINE V Root(D d, V square, const Constants& c) {
  return hn::Add(hn::Sqrt(hn::Add(square, hn::Set(d, c.epsilon_in_root))), hn::Set(d, c.epsilon_beside_root));
}

// See optimizers.h for the formulas and their constants.

template <bool nesterov, typename T>
void MomentumStep(const SgdConstants<T>& k, const Arrays<T>& arrays) {
  Walk<1>(k, arrays, [k](auto d, auto p, auto g, auto& velocity, auto&, auto&) {
    velocity = WithoutSubnormals(d, MeanWith(d, velocity, k.momentum, g, k.gradient_share));
    if constexpr (nesterov) return Less(d, p, k.rate, hn::MulAdd(hn::Set(d, k.momentum), velocity, g));
    return Less(d, p, k.rate, velocity);
  });
}

template <typename T>
void Step(const SgdConstants<T>& k, const Arrays<T>& arrays) {
  if (k.has_momentum) return k.nesterov ? MomentumStep<true>(k, arrays) : MomentumStep<false>(k, arrays);
  Walk<0>(k, arrays, [k](auto d, auto p, auto g, auto&, auto&, auto&) { return Less(d, p, k.rate, g); });
}

template <bool centered, bool momentum, typename T>
void RmsPropStep(const RmsPropConstants<T>& k, const Arrays<T>& arrays) {
  constexpr size_t states = 1 + size_t{centered} + size_t{momentum};
  Walk<states>(k, arrays, [k](auto d, auto p, auto g, auto& square, auto& b, auto& c) {
    square = WithoutSubnormals(d, MeanWith(d, square, k.decay, hn::Mul(g, g), k.one_minus_decay));
    auto spread = square;
    if constexpr (centered) {
      b = MeanWith(d, b, k.decay, g, k.one_minus_decay);
      // If gradients hardly differ, rounding may give a number below 0.
      spread = hn::Max(hn::Zero(d), hn::NegMulAdd(b, b, square));
    }
    auto step = Quotient(d, g, Root(d, spread, k));
    if constexpr (momentum) {
      auto& velocity = centered ? c : b;
      velocity = hn::MulAdd(hn::Set(d, k.momentum), velocity, step);
      step = velocity;
    }
    return Less(d, p, k.rate, step);
  });
}

template <typename T>
void Step(const RmsPropConstants<T>& k, const Arrays<T>& arrays) {
  if (k.centered) {
    return k.has_momentum ? RmsPropStep<true, true>(k, arrays) : RmsPropStep<true, false>(k, arrays);
  }
  return k.has_momentum ? RmsPropStep<false, true>(k, arrays) : RmsPropStep<false, false>(k, arrays);
}

template <typename T>
void Step(const AdagradConstants<T>& k, const Arrays<T>& arrays) {
  Walk<1>(k, arrays, [k](auto d, auto p, auto g, auto& sum, auto&, auto&) {
    sum = hn::MulAdd(g, g, hn::Add(sum, hn::Set(d, k.initial)));
    return Less(d, p, k.rate, Quotient(d, g, Root(d, sum, k)));
  });
}

template <typename T>
void Step(const AdadeltaConstants<T>& k, const Arrays<T>& arrays) {
  Walk<2>(k, arrays, [k](auto d, auto p, auto g, auto& square, auto& changes, auto&) {
    const auto root = [&](auto mean) { return hn::Sqrt(hn::Add(mean, hn::Set(d, k.epsilon))); };
    square = MeanWith(d, square, k.decay, hn::Mul(g, g), k.one_minus_decay);
    const auto change = hn::Mul(hn::Div(root(changes), root(square)), g);
    changes = MeanWith(d, changes, k.decay, hn::Mul(change, change), k.one_minus_decay);
    return Less(d, p, k.rate, change);
  });
}

// The two means of Adam and Nadam, and the root that both divide by.
template <class D, class V, class Constants>
HWY_INLINE void UpdateMeans(D d, V g, V& mean, V& square, const Constants& k) {
  mean = WithoutSubnormals(d, MeanWith(d, mean, k.beta1, g, k.one_minus_beta1));
  square = WithoutSubnormals(d, MeanWith(d, square, k.beta2, hn::Mul(g, g), k.one_minus_beta2));
}
template <class D, class V, class Constants>
HWY_INLINE V CorrectedRoot(D d, V square, const Constants& k) {
  return hn::MulAdd(hn::Sqrt(square), hn::Set(d, k.inverse_root), hn::Set(d, k.epsilon));
}

template <bool amsgrad, typename T>
void AdamStep(const AdamConstants<T>& k, const Arrays<T>& arrays) {
  Walk<amsgrad ? 3 : 2>(k, arrays, [k](auto d, auto p, auto g, auto& mean, auto& square, auto& largest) {
    UpdateMeans(d, g, mean, square, k);
    if constexpr (amsgrad) largest = hn::Max(largest, square);
    return Less(d, p, k.rate, Quotient(d, mean, CorrectedRoot(d, amsgrad ? largest : square, k)));
  });
}

template <typename T>
void Step(const AdamConstants<T>& k, const Arrays<T>& arrays) {
  return k.amsgrad ? AdamStep<true>(k, arrays) : AdamStep<false>(k, arrays);
}

template <typename T>
void Step(const AdamaxConstants<T>& k, const Arrays<T>& arrays) {
  Walk<2>(k, arrays, [k](auto d, auto p, auto g, auto& mean, auto& norm, auto&) {
    mean = WithoutSubnormals(d, MeanWith(d, mean, k.beta1, g, k.one_minus_beta1));
    norm = hn::Max(hn::Mul(hn::Set(d, k.beta2), norm), hn::Add(hn::Abs(g), hn::Set(d, k.epsilon_in_norm)));
    return Less(d, p, k.rate, hn::Div(mean, hn::Add(norm, hn::Set(d, k.epsilon_beside_norm))));
  });
}

template <typename T>
void Step(const NadamConstants<T>& k, const Arrays<T>& arrays) {
  Walk<2>(k, arrays, [k](auto d, auto p, auto g, auto& mean, auto& square, auto&) {
    UpdateMeans(d, g, mean, square, k);
    const auto ahead = MeanWith(d, mean, k.mean_rate, g, k.gradient_rate);
    // Not a subtraction: a compiler may fuse it with the decay in some loops only.
    return Less(d, p, T{1}, Quotient(d, ahead, CorrectedRoot(d, square, k)));
  });
}

template <typename T>
void Step(const LionConstants<T>& k, const Arrays<T>& arrays) {
  Walk<1>(k, arrays, [k](auto d, auto p, auto g, auto& mean, auto&, auto&) {
    const auto direction = MeanWith(d, mean, k.beta1, g, k.one_minus_beta1);
    // The sign of a zero or NaN is the value itself.
    const auto one = hn::CopySign(hn::Set(d, T{1}), direction);
    const auto is_signed = hn::Gt(hn::Abs(direction), hn::Zero(d));
    mean = WithoutSubnormals(d, MeanWith(d, mean, k.beta2, g, k.one_minus_beta2));
    return Less(d, p, k.rate, hn::IfThenElse(is_signed, one, direction));
  });
}

#define BLASNET_DEFINE(T, suffix)                                                                 \
  void AddTo##suffix(T* sum, const T* part, size_t size) { AddToOf(sum, part, size); }            \
  void GradientDescent##suffix(T* parameters, const T* gradients, size_t size, T learning_rate) { \
    GradientDescentOf(parameters, gradients, size, learning_rate);                                \
  }                                                                                               \
  void UpdateParameters##suffix(const StepConstants<T>& constants, size_t size, T* parameters,    \
                                const T* gradients, T* states, size_t stride) {                   \
    const Arrays<T> arrays{size, parameters, gradients, states, stride};                          \
    std::visit([&](const auto& k) { Step(k, arrays); }, constants);                               \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

// The constants are computed in double and rounded once, because 1 - float(0.999) would be off by 5e-5.
namespace {

template <typename T>
T Round(double value) {
  return static_cast<T>(value);
}

// For an epsilon, which keeps a divisor above 0: a positive number stays positive.
template <typename T>
T RoundPositive(double value) {
  const T rounded = static_cast<T>(value);
  return value > 0 && rounded == 0 ? std::numeric_limits<T>::denorm_min() : rounded;
}

// The bias correction after t steps of a mean with this decay.
double Grown(double decay, double t) { return 1 - std::pow(decay, t); }

// Dozat's momentum of step t is beta1 (1 - 0.96^(t decay) / 2). ProductTo(t) is the product of those of steps
// 1 to t, in closed form, so that step t is as cheap as the first: with q = 0.96^decay
//   log prod_i (1 - q^i / 2) = -sum_k (1/2)^k / k (q^k + q^2k + ... + q^tk).
class NadamMomentum {
 public:
  NadamMomentum(double beta1, double decay) : beta1_(beta1), log_q_(decay * std::log(0.96)) {}

  double At(double t) const { return beta1_ * (1 - 0.5 * std::exp(t * log_q_)); }

  double ProductTo(double t) const {
    double sum = 0, half = 0.5;
    for (double k = 1; k <= 64; k++, half *= 0.5) {
      const double x = k * log_q_;
      const double powers = x == 0 ? t : std::exp(x) * std::expm1(t * x) / std::expm1(x);
      sum += half / k * powers;
    }
    return std::exp(t * std::log(beta1_) - sum);
  }

 private:
  double beta1_;
  double log_q_;
};

}  // namespace

template <typename T>
WeightDecayConstants<T>::WeightDecayConstants(const WeightDecayOptions& o, double learning_rate)
    : penalty(Round<T>(o.decoupled != 0 ? 0 : o.weight_decay)),
      shrink(Round<T>(o.decoupled != 0 ? 1 - learning_rate * o.weight_decay : 1)) {}

template <typename T>
SgdConstants<T>::SgdConstants(const SgdOptions& o, double learning_rate, double t)
    : WeightDecayConstants<T>(o, learning_rate),
      has_momentum(o.momentum != 0),
      nesterov(o.nesterov != 0),
      rate(Round<T>(learning_rate)),
      momentum(Round<T>(o.momentum)),
      gradient_share(Round<T>(t == 1 ? 1 : 1 - o.dampening)) {}

template <typename T>
RmsPropConstants<T>::RmsPropConstants(const RmsPropOptions& o, double learning_rate, double)
    : WeightDecayConstants<T>(o, learning_rate),
      centered(o.centered != 0),
      has_momentum(o.momentum != 0),
      rate(Round<T>(learning_rate)),
      decay(Round<T>(o.decay)),
      one_minus_decay(Round<T>(1 - o.decay)),
      momentum(Round<T>(o.momentum)),
      epsilon_in_root(RoundPositive<T>(o.keras_epsilon != 0 ? o.epsilon : 0)),
      epsilon_beside_root(RoundPositive<T>(o.keras_epsilon != 0 ? 0 : o.epsilon)) {}

template <typename T>
AdagradConstants<T>::AdagradConstants(const AdagradOptions& o, double learning_rate, double t)
    : WeightDecayConstants<T>(o, learning_rate),
      rate(Round<T>(learning_rate / (1 + (t - 1) * o.learning_rate_decay))),
      initial(Round<T>(t == 1 ? o.initial_accumulator : 0)),
      epsilon_in_root(RoundPositive<T>(o.keras_epsilon != 0 ? o.epsilon : 0)),
      epsilon_beside_root(RoundPositive<T>(o.keras_epsilon != 0 ? 0 : o.epsilon)) {}

template <typename T>
AdadeltaConstants<T>::AdadeltaConstants(const AdadeltaOptions& o, double learning_rate, double)
    : WeightDecayConstants<T>(o, learning_rate),
      rate(Round<T>(learning_rate)),
      decay(Round<T>(o.decay)),
      one_minus_decay(Round<T>(1 - o.decay)),
      epsilon(RoundPositive<T>(o.epsilon)) {}

template <typename T>
AdamConstants<T>::AdamConstants(const AdamOptions& o, double learning_rate, double t)
    : WeightDecayConstants<T>(o, learning_rate),
      amsgrad(o.amsgrad != 0),
      rate(Round<T>(learning_rate / Grown(o.beta1, t))),
      beta1(Round<T>(o.beta1)),
      one_minus_beta1(Round<T>(1 - o.beta1)),
      beta2(Round<T>(o.beta2)),
      one_minus_beta2(Round<T>(1 - o.beta2)),
      inverse_root(Round<T>(1 / std::sqrt(Grown(o.beta2, t)))),
      epsilon(RoundPositive<T>(o.keras_epsilon != 0 ? o.epsilon * (1 / std::sqrt(Grown(o.beta2, t)))
                                                    : o.epsilon)) {}

template <typename T>
AdamaxConstants<T>::AdamaxConstants(const AdamaxOptions& o, double learning_rate, double t)
    : WeightDecayConstants<T>(o, learning_rate),
      rate(Round<T>(learning_rate / Grown(o.beta1, t))),
      beta1(Round<T>(o.beta1)),
      one_minus_beta1(Round<T>(1 - o.beta1)),
      beta2(Round<T>(o.beta2)),
      epsilon_in_norm(RoundPositive<T>(o.keras_epsilon != 0 ? 0 : o.epsilon)),
      epsilon_beside_norm(RoundPositive<T>(o.keras_epsilon != 0 ? o.epsilon : 0)) {}

template <typename T>
NadamConstants<T>::NadamConstants(const NadamOptions& o, double learning_rate, double t)
    : WeightDecayConstants<T>(o, learning_rate),
      beta1(Round<T>(o.beta1)),
      one_minus_beta1(Round<T>(1 - o.beta1)),
      beta2(Round<T>(o.beta2)),
      one_minus_beta2(Round<T>(1 - o.beta2)),
      inverse_root(Round<T>(1 / std::sqrt(Grown(o.beta2, t)))),
      epsilon(RoundPositive<T>(o.epsilon)) {
  const NadamMomentum momentum(o.beta1, o.momentum_decay);
  mean_rate = Round<T>(learning_rate * (momentum.At(t + 1) / (1 - momentum.ProductTo(t + 1))));
  gradient_rate = Round<T>(learning_rate * (1 - momentum.At(t)) / (1 - momentum.ProductTo(t)));
}

template <typename T>
LionConstants<T>::LionConstants(const LionOptions& o, double learning_rate, double)
    : WeightDecayConstants<T>(o, learning_rate),
      rate(Round<T>(learning_rate)),
      beta1(Round<T>(o.beta1)),
      one_minus_beta1(Round<T>(1 - o.beta1)),
      beta2(Round<T>(o.beta2)),
      one_minus_beta2(Round<T>(1 - o.beta2)) {}

namespace {

// Makes the constants that stand at the options' place in the list.
template <typename T, size_t place = 0>
StepConstants<T> Make(const FirstOrderOptions& options, double learning_rate, double t) {
  if constexpr (place + 1 < std::variant_size_v<FirstOrderOptions>) {
    if (options.index() != place) return Make<T, place + 1>(options, learning_rate, t);
  }
  return StepConstants<T>(std::in_place_index<place>, std::get<place>(options), learning_rate, t);
}

}  // namespace

template <typename T>
StepConstants<T> ConstantsOf(const FirstOrderOptions& options, double learning_rate, size_t step) {
  return Make<T>(options, learning_rate, static_cast<double>(step));
}

template StepConstants<double> ConstantsOf(const FirstOrderOptions&, double, size_t);
template StepConstants<float> ConstantsOf(const FirstOrderOptions&, double, size_t);

size_t StateCount(const FirstOrderOptions& options) {
  return std::visit([](const auto& o) { return o.States(); }, options);
}

FirstOrderOptions WithDecay(const FirstOrderOptions& options, double factor) {
  FirstOrderOptions changed = options;
  std::visit([factor](auto& o) { o.weight_decay *= factor; }, changed);
  return changed;
}

HWY_EXPORT(AddToF64);
HWY_EXPORT(AddToF32);
HWY_EXPORT(GradientDescentF64);
HWY_EXPORT(GradientDescentF32);
HWY_EXPORT(UpdateParametersF64);
HWY_EXPORT(UpdateParametersF32);

#define BLASNET_DISPATCH(T, suffix)                                                                         \
  template <>                                                                                               \
  void AddTo(T* sum, const T* part, size_t size) {                                                          \
    HWY_DYNAMIC_DISPATCH(AddTo##suffix)(sum, part, size);                                                   \
  }                                                                                                         \
  template <>                                                                                               \
  void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate) {                   \
    HWY_DYNAMIC_DISPATCH(GradientDescent##suffix)(parameters, gradients, size, learning_rate);              \
  }                                                                                                         \
  template <>                                                                                               \
  void UpdateParameters(const StepConstants<T>& constants, size_t size, T* parameters, const T* gradients,  \
                        T* states, size_t stride) {                                                         \
    HWY_DYNAMIC_DISPATCH(UpdateParameters##suffix)(constants, size, parameters, gradients, states, stride); \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
