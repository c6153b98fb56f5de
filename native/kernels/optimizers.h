// Optimisers: one walk over a stretch of the flat parameters, their gradients and what the optimiser keeps
// between steps. What it keeps begins with zeros; all else that a step needs follows from the
// hyperparameters and the number of the step, so that a run goes on from its parameters, its states and that
// number alone.
#pragma once

#include <cstddef>

#include "kernels/types.h"

namespace blasnet {

// sum += part
template <typename T>
void AddTo(T* sum, const T* part, size_t size);

// Gradient descent: parameters -= learning_rate * gradients.
template <typename T>
void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate);

// How many arrays of the parameters' size an optimiser keeps between steps.
constexpr size_t StatesOf(Optimizer optimizer, const double* hyperparameters) {
  const auto has = [hyperparameters](Hyperparameter i) { return size_t{hyperparameters[i] != 0}; };
  switch (optimizer) {
    case Optimizer::kGradientDescent:
    case Optimizer::kLbfgs:  // has a state of its own: see engine/lbfgs.h
      return 0;
    case Optimizer::kMomentum:
    case Optimizer::kAdagrad:
    case Optimizer::kLion:
      return 1;
    case Optimizer::kAdadelta:
    case Optimizer::kAdamax:
    case Optimizer::kNadam:
      return 2;
    case Optimizer::kAdam:
      return 2 + has(kAmsgrad);
    case Optimizer::kRmsProp:
      return 1 + has(kCentered) + has(kMomentumFactor);
  }
  return 0;
}

// A step's numbers, the same for every element: computed in double, rounded once. 1 - T(0.999) would be off
// by 5e-5 in float.
template <typename T>
struct StepFactors {
  Optimizer optimizer;
  bool nesterov;
  bool centered;
  bool amsgrad;
  bool has_momentum;
  T penalty;        // weight decay in the gradient, or 0
  T shrink;         // 1 - learning_rate * weight decay where that is decoupled, or 1
  T rate;           // the learning rate, with the bias correction of the mean where there is one
  T gradient_rate;  // kNadam: that of the gradient beside the mean
  T momentum;
  T taken;  // 1 - dampening; 1 in the first step
  T beta1;
  T rest1;  // 1 - beta1
  T beta2;  // of the mean of squares, whatever the optimiser calls it
  T rest2;
  T inverse_root;  // 1 / sqrt(1 - beta2^t)
  T initial;       // what the accumulator begins with, in the first step; then 0
  T inner;         // epsilon under the root; 0 where it is
  T outer;         // beside it
};

// For the first-order optimisers; `step` counts from 1.
template <typename T>
StepFactors<T> FactorsOf(Optimizer optimizer, const double* hyperparameters, double learning_rate,
                         size_t step);

// One step. Weight decay comes first: gradients + penalty * parameters, or shrink * parameters. Array s of
// the states starts at states + s * stride. With g the gradients and p the parameters, as the papers and
// PyTorch have it; e is epsilon, inside or outside of the root:
//   kGradientDescent  p -= rate g
//   kMomentum         v = momentum v + taken g;  p -= rate v, with Nesterov rate (g + momentum v)
//   kAdam, kNadam     m = beta1 m + rest1 g;  s = beta2 s + rest2 g^2;  AMSGrad: the largest s so far
//                     p -= rate m / (sqrt(s) inverse_root + e);  Nadam: rate m + gradient_rate g
//   kAdamax           m likewise;  u = max(beta2 u, |g| + e);  p -= rate m / (u + e)
//   kRmsProp          s likewise;  c = s, centred s - m^2 with m = beta2 m + rest2 g
//                     u = g / (sqrt(c + e) + e);  v = momentum v + u;  p -= rate v
//   kAdagrad          s += g^2;  p -= rate g / (sqrt(s + e) + e)
//   kAdadelta         s likewise;  u = sqrt(a + e) / sqrt(s + e) g;  a = beta2 a + rest2 u^2;  p -= rate u
//   kLion             p -= rate sign(beta1 m + rest1 g);  m = beta2 m + rest2 g
// States, in this order: v; m, s, the largest s; m, u; s, m, v; s; s, a; m.
template <typename T>
void UpdateParameters(const StepFactors<T>& factors, size_t size, T* parameters, const T* gradients,
                      T* states, size_t stride);

}  // namespace blasnet
