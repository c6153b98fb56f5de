#include "kernels/optimizers.h"

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
