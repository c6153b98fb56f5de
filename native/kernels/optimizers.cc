#include "kernels/optimizers.h"

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

// A stretch that an optimiser steps through.
template <typename T>
struct Stretch {
  size_t size;
  T* parameters;
  const T* gradients;
  T* states;
  size_t stride;
};

// parameters = rule(d, p, g, a, b, c) for every vector, after the weight decay if there is one. a, b and c
// are references to the first states, as many as there are.
template <size_t states, bool decays, typename T, class Rule>
HWY_INLINE void Steps(const StepFactors<T>& factors, const Stretch<T>& whole, const Rule& rule) {
  const Lanes<T> d;
  // Copies, which no store can change.
  const Stretch<T> stretch = whole;
  const T penalty = factors.penalty, shrink = factors.shrink;
  const auto step = [&](size_t i, const auto& load, const auto& store) {
    auto p = load(stretch.parameters + i), g = load(stretch.gradients + i);
    auto a = hn::Zero(d), b = a, c = a;
    if constexpr (states > 0) a = load(stretch.states + i);
    if constexpr (states > 1) b = load(stretch.states + stretch.stride + i);
    if constexpr (states > 2) c = load(stretch.states + 2 * stretch.stride + i);
    if constexpr (decays) {
      g = hn::MulAdd(hn::Set(d, penalty), p, g);
      p = hn::Mul(hn::Set(d, shrink), p);
    }
    store(rule(d, p, g, a, b, c), stretch.parameters + i);
    if constexpr (states > 0) store(a, stretch.states + i);
    if constexpr (states > 1) store(b, stretch.states + stretch.stride + i);
    if constexpr (states > 2) store(c, stretch.states + 2 * stretch.stride + i);
  };
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= stretch.size; i += lanes) {
    step(i, [d](const T* in) { return hn::LoadU(d, in); }, [d](auto v, T* out) { hn::StoreU(v, d, out); });
  }
  if (i < stretch.size) {
    const size_t rest = stretch.size - i;
    step(
        i, [d, rest](const T* in) { return LoadFirst(d, in, rest); },
        [d, rest](auto v, T* out) { StoreFirst(d, v, out, rest); });
  }
}

// Without decay not even the sign of a zero may change.
template <size_t states, typename T, class Rule>
HWY_INLINE void Walk(const StepFactors<T>& factors, const Stretch<T>& stretch, const Rule& rule) {
  if (factors.penalty == 0 && factors.shrink == 1) return Steps<states, false>(factors, stretch, rule);
  Steps<states, true>(factors, stretch, rule);
}

// keep * mean + rest * value
template <class D, class V, typename T>
HWY_INLINE V MeanWith(D d, V mean, T keep, V value, T rest) {
  return hn::MulAdd(hn::Set(d, keep), mean, hn::Mul(hn::Set(d, rest), value));
}

// p - rate * value
template <class D, class V, typename T>
HWY_INLINE V Less(D d, V p, T rate, V value) {
  return hn::NegMulAdd(hn::Set(d, rate), value, p);
}

// sqrt(square + inner) + outer
template <class D, class V, typename T>
HWY_INLINE V Root(D d, V square, const StepFactors<T>& f) {
  return hn::Add(hn::Sqrt(hn::Add(square, hn::Set(d, f.inner))), hn::Set(d, f.outer));
}

template <typename T>
void GradientDescentOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<0>(f, stretch, [f](auto d, auto p, auto g, auto&, auto&, auto&) { return Less(d, p, f.rate, g); });
}

template <bool nesterov, typename T>
void MomentumOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<1>(f, stretch, [f](auto d, auto p, auto g, auto& velocity, auto&, auto&) {
    velocity = MeanWith(d, velocity, f.momentum, g, f.taken);
    if constexpr (nesterov) return Less(d, p, f.rate, hn::MulAdd(hn::Set(d, f.momentum), velocity, g));
    return Less(d, p, f.rate, velocity);
  });
}

template <bool amsgrad, bool nadam, typename T>
void AdamOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<amsgrad ? 3 : 2>(f, stretch, [f](auto d, auto p, auto g, auto& mean, auto& square, auto& largest) {
    mean = MeanWith(d, mean, f.beta1, g, f.rest1);
    square = MeanWith(d, square, f.beta2, hn::Mul(g, g), f.rest2);
    if constexpr (amsgrad) largest = hn::Max(largest, square);
    const auto root =
        hn::MulAdd(hn::Sqrt(amsgrad ? largest : square), hn::Set(d, f.inverse_root), hn::Set(d, f.outer));
    if constexpr (nadam) {
      const auto ahead = MeanWith(d, mean, f.rate, g, f.gradient_rate);
      // Not a subtraction: a compiler may fuse that with the decay, in some loops and not in others.
      return Less(d, p, T{1}, hn::Div(ahead, root));
    } else {
      return Less(d, p, f.rate, hn::Div(mean, root));
    }
  });
}

template <typename T>
void AdamaxOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<2>(f, stretch, [f](auto d, auto p, auto g, auto& mean, auto& norm, auto&) {
    mean = MeanWith(d, mean, f.beta1, g, f.rest1);
    norm = hn::Max(hn::Mul(hn::Set(d, f.beta2), norm), hn::Add(hn::Abs(g), hn::Set(d, f.inner)));
    return Less(d, p, f.rate, hn::Div(mean, hn::Add(norm, hn::Set(d, f.outer))));
  });
}

template <bool centered, bool momentum, typename T>
void RmsPropOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  constexpr size_t states = 1 + size_t{centered} + size_t{momentum};
  Walk<states>(f, stretch, [f](auto d, auto p, auto g, auto& square, auto& b, auto& c) {
    square = MeanWith(d, square, f.beta2, hn::Mul(g, g), f.rest2);
    auto spread = square;
    if constexpr (centered) {
      b = MeanWith(d, b, f.beta2, g, f.rest2);
      // Of gradients that hardly differ, rounding may leave less than nothing.
      spread = hn::Max(hn::Zero(d), hn::NegMulAdd(b, b, square));
    }
    auto step = hn::Div(g, Root(d, spread, f));
    if constexpr (momentum) {
      auto& velocity = centered ? c : b;
      velocity = hn::MulAdd(hn::Set(d, f.momentum), velocity, step);
      step = velocity;
    }
    return Less(d, p, f.rate, step);
  });
}

template <typename T>
void AdagradOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<1>(f, stretch, [f](auto d, auto p, auto g, auto& sum, auto&, auto&) {
    sum = hn::MulAdd(g, g, hn::Add(sum, hn::Set(d, f.initial)));
    return Less(d, p, f.rate, hn::Div(g, Root(d, sum, f)));
  });
}

template <typename T>
void AdadeltaOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<2>(f, stretch, [f](auto d, auto p, auto g, auto& square, auto& changes, auto&) {
    square = MeanWith(d, square, f.beta2, hn::Mul(g, g), f.rest2);
    const auto change = hn::Mul(hn::Div(Root(d, changes, f), Root(d, square, f)), g);
    changes = MeanWith(d, changes, f.beta2, hn::Mul(change, change), f.rest2);
    return Less(d, p, f.rate, change);
  });
}

template <typename T>
void LionOf(const StepFactors<T>& f, const Stretch<T>& stretch) {
  Walk<1>(f, stretch, [f](auto d, auto p, auto g, auto& mean, auto&, auto&) {
    const auto direction = MeanWith(d, mean, f.beta1, g, f.rest1);
    // Zeros and NaN are their own signs.
    const auto one = hn::CopySign(hn::Set(d, T{1}), direction);
    const auto is_signed = hn::Gt(hn::Abs(direction), hn::Zero(d));
    mean = MeanWith(d, mean, f.beta2, g, f.rest2);
    return Less(d, p, f.rate, hn::IfThenElse(is_signed, one, direction));
  });
}

template <typename T>
void UpdateParametersOf(const StepFactors<T>& factors, const Stretch<T>& stretch) {
  switch (factors.optimizer) {
    case Optimizer::kGradientDescent:
      return GradientDescentOf(factors, stretch);
    case Optimizer::kMomentum:
      return factors.nesterov ? MomentumOf<true>(factors, stretch) : MomentumOf<false>(factors, stretch);
    case Optimizer::kAdam:
      return factors.amsgrad ? AdamOf<true, false>(factors, stretch) : AdamOf<false, false>(factors, stretch);
    case Optimizer::kNadam:
      return AdamOf<false, true>(factors, stretch);
    case Optimizer::kAdamax:
      return AdamaxOf(factors, stretch);
    case Optimizer::kRmsProp:
      if (factors.centered) {
        return factors.has_momentum ? RmsPropOf<true, true>(factors, stretch)
                                    : RmsPropOf<true, false>(factors, stretch);
      }
      return factors.has_momentum ? RmsPropOf<false, true>(factors, stretch)
                                  : RmsPropOf<false, false>(factors, stretch);
    case Optimizer::kAdagrad:
      return AdagradOf(factors, stretch);
    case Optimizer::kAdadelta:
      return AdadeltaOf(factors, stretch);
    case Optimizer::kLion:
      return LionOf(factors, stretch);
    case Optimizer::kLbfgs:
      return;
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                 \
  void AddTo##suffix(T* sum, const T* part, size_t size) { AddToOf(sum, part, size); }            \
  void GradientDescent##suffix(T* parameters, const T* gradients, size_t size, T learning_rate) { \
    GradientDescentOf(parameters, gradients, size, learning_rate);                                \
  }                                                                                               \
  void UpdateParameters##suffix(const StepFactors<T>& factors, size_t size, T* parameters,        \
                                const T* gradients, T* states, size_t stride) {                   \
    UpdateParametersOf(factors, Stretch<T>{size, parameters, gradients, states, stride});         \
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

#define BLASNET_DISPATCH(T, suffix)                                                                       \
  template <>                                                                                             \
  void AddTo(T* sum, const T* part, size_t size) {                                                        \
    HWY_DYNAMIC_DISPATCH(AddTo##suffix)(sum, part, size);                                                 \
  }                                                                                                       \
  template <>                                                                                             \
  void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate) {                 \
    HWY_DYNAMIC_DISPATCH(GradientDescent##suffix)(parameters, gradients, size, learning_rate);            \
  }                                                                                                       \
  template <>                                                                                             \
  void UpdateParameters(const StepFactors<T>& factors, size_t size, T* parameters, const T* gradients,    \
                        T* states, size_t stride) {                                                       \
    HWY_DYNAMIC_DISPATCH(UpdateParameters##suffix)(factors, size, parameters, gradients, states, stride); \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
