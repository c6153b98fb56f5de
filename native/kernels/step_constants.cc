// The constants of optimisers' steps. They are computed in double and rounded once, because 1 - float(0.999)
// would be off by 5e-5.
#include <cmath>
#include <limits>

#include "kernels/optimizers.h"

namespace blasnet {
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

}  // namespace blasnet
