#include <cmath>
#include <limits>
#include <utility>

#include "kernels/optimizers.h"

namespace blasnet {
namespace {

// Dozat's momentum of step t, beta1 (1 - 0.96^(t decay) / 2), and the product of those of the steps 1 to t.
// The product in closed form, so that step t is as cheap as the first: with q = 0.96^decay
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

// A positive number stays positive: epsilon is there lest something be divided by zero.
template <typename T>
T RoundPositive(double value) {
  const T rounded = static_cast<T>(value);
  return value > 0 && rounded == 0 ? std::numeric_limits<T>::denorm_min() : rounded;
}

}  // namespace

template <typename T>
StepFactors<T> FactorsOf(Optimizer optimizer, const double* hyperparameters, double learning_rate,
                         size_t step) {
  const auto has = [hyperparameters](Hyperparameter i) { return hyperparameters[i] != 0; };
  const double t = static_cast<double>(step);
  const double beta1 = hyperparameters[kBeta1];
  const bool one_decay = optimizer == Optimizer::kRmsProp || optimizer == Optimizer::kAdadelta;
  const double beta2 = hyperparameters[one_decay ? kDecay : kBeta2];
  const auto grown = [t](double decay) { return 1 - std::pow(decay, t); };
  double rate = learning_rate, gradient_rate = 0, inverse_root = 1;
  double inner = 0, outer = hyperparameters[kEpsilon];
  switch (optimizer) {
    case Optimizer::kAdam:
      rate /= grown(beta1);
      inverse_root = 1 / std::sqrt(grown(beta2));
      if (has(kKerasEpsilon)) outer *= inverse_root;
      break;
    case Optimizer::kNadam: {
      const NadamMomentum momentum(beta1, hyperparameters[kMomentumDecay]);
      gradient_rate = learning_rate * (1 - momentum.At(t)) / (1 - momentum.ProductTo(t));
      inverse_root = 1 / std::sqrt(grown(beta2));
      rate *= momentum.At(t + 1) / (1 - momentum.ProductTo(t + 1));
      break;
    }
    case Optimizer::kAdamax:
      rate /= grown(beta1);
      if (!has(kKerasEpsilon)) std::swap(inner, outer);
      break;
    case Optimizer::kRmsProp:
      if (has(kKerasEpsilon)) std::swap(inner, outer);
      break;
    case Optimizer::kAdagrad:
      rate /= 1 + (t - 1) * hyperparameters[kLearningRateDecay];
      if (has(kKerasEpsilon)) std::swap(inner, outer);
      break;
    case Optimizer::kAdadelta:
      std::swap(inner, outer);
      break;
    case Optimizer::kGradientDescent:
    case Optimizer::kMomentum:
    case Optimizer::kLion:
    case Optimizer::kLbfgs:
      break;
  }
  const double weight_decay = hyperparameters[kWeightDecay];
  StepFactors<T> factors{};
  factors.optimizer = optimizer;
  factors.nesterov = has(kNesterov);
  factors.centered = has(kCentered);
  factors.amsgrad = has(kAmsgrad);
  factors.has_momentum = has(kMomentumFactor);
  factors.penalty = static_cast<T>(has(kDecoupled) ? 0 : weight_decay);
  factors.shrink = static_cast<T>(has(kDecoupled) ? 1 - learning_rate * weight_decay : 1);
  factors.rate = static_cast<T>(rate);
  factors.gradient_rate = static_cast<T>(gradient_rate);
  factors.momentum = static_cast<T>(hyperparameters[kMomentumFactor]);
  factors.taken = static_cast<T>(step == 1 ? 1 : 1 - hyperparameters[kDampening]);
  factors.beta1 = static_cast<T>(beta1);
  factors.rest1 = static_cast<T>(1 - beta1);
  factors.beta2 = static_cast<T>(beta2);
  factors.rest2 = static_cast<T>(1 - beta2);
  factors.inverse_root = static_cast<T>(inverse_root);
  factors.initial = static_cast<T>(step == 1 ? hyperparameters[kInitialAccumulator] : 0);
  factors.inner = RoundPositive<T>(inner);
  factors.outer = RoundPositive<T>(outer);
  return factors;
}

template StepFactors<double> FactorsOf(Optimizer, const double*, double, size_t);
template StepFactors<float> FactorsOf(Optimizer, const double*, double, size_t);

}  // namespace blasnet
