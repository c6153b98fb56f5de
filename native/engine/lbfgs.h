// L-BFGS: a quasi-Newton method that approximates the Hessian from its last few steps (Nocedal and Wright,
// Numerical Optimization, 2006, algorithm 7.5). Its line search finds a step that meets the strong Wolfe
// conditions (algorithms 3.5 and 3.6, with cubic interpolation). It decides like PyTorch's LBFGS with
// line_search_fn='strong_wolfe', with two exceptions. If the loss is not finite, the step gets shorter. If no
// point along the direction has a lower loss, the remembered steps are dropped and the next direction is the
// negative gradient. The plan calls Lbfgs on the operation thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/record.h"

namespace blasnet {

struct LbfgsOptions {
  double learning_rate;       // the first step length of a line search; 1 is Newton's step
  double history_size;        // the number of steps to remember
  double tolerance_gradient;  // gradients with no larger component count as zero
  double tolerance_change;    // smaller changes of all parameters, or of the loss, count as none
  double max_evaluations;     // the most evaluations in one line search

  static constexpr const char* kName = "lbfgs";
  static constexpr Field<LbfgsOptions> kFields[] = {{"learningRate", &LbfgsOptions::learning_rate},
                                                    {"historySize", &LbfgsOptions::history_size},
                                                    {"toleranceGradient", &LbfgsOptions::tolerance_gradient},
                                                    {"toleranceChange", &LbfgsOptions::tolerance_change},
                                                    {"maxEvaluations", &LbfgsOptions::max_evaluations}};

  // Sizes from 1 to 1000 for any number, so that products of sizes cannot overflow.
  size_t History() const { return Size(history_size); }
  size_t Evaluations() const { return Size(max_evaluations); }

 private:
  static size_t Size(double value) { return value >= 1 ? static_cast<size_t>(std::min(value, 1000.0)) : 1; }
};

// The number of arrays of the parameters' size in the state. Some numbers follow them.
size_t LbfgsArrays(size_t history);

// The number of elements in the state. They are zeros before the first step.
size_t LbfgsStateSize(size_t history, size_t parameters);

enum class LbfgsStatus : int32_t {
  kStepped = 0,
  kConverged = 1,  // reached a tolerance, possibly with a last step
  kStopped = 2,    // `evaluate` returned false
  kDiverged = 3,   // the loss is not finite here, or nowhere along the direction
};
inline constexpr const char* kLbfgsStatusNames[] = {"stepped", "converged", "stopped", "diverged"};

// The results of an evaluation. Lbfgs only passes the accuracy on.
struct LbfgsPoint {
  double loss;
  double accuracy;
};

// `state` holds everything that is kept between steps: another object continues from it.
template <typename T>
class Lbfgs {
 public:
  // Computes the loss at the present parameters and its gradients. Returns false to stop.
  using Evaluate = std::function<bool(T* gradients, LbfgsPoint* point)>;

  Lbfgs(const LbfgsOptions& options, size_t size, T* parameters, T* state);

  // Takes one step, with one or more evaluations. `before` gets the point where it began. If the step cannot
  // be finished, the parameters keep their old values.
  LbfgsStatus Step(const Evaluate& evaluate, LbfgsPoint* before);

 private:
  // A point along the direction. Its loss is infinite if the loss or the slope is not finite.
  struct Trial {
    double step;
    LbfgsPoint point;
    double slope;
    T* gradients;
  };

  T* Array(size_t i) const { return state_ + i * size_; }
  T* Steps(size_t i) const { return Array(2 * i); }
  T* Changes(size_t i) const { return Array(2 * i + 1); }
  size_t Count() const { return SizeOf(ReadOnce(count_), options_.History()); }
  size_t Next() const { return SizeOf(ReadOnce(next_), options_.History() - 1); }

  // A state may come from a file and hold any values.
  static size_t SizeOf(T value, size_t most) {
    return value >= 0 && value <= static_cast<T>(most) ? static_cast<size_t>(value) : 0;
  }

  void FindDirection();
  void Remember(const Trial& trial);
  void Forget();
  bool Search(const Evaluate& evaluate, double step, double slope, Trial* best);
  bool Try(const Evaluate& evaluate, double step, T* gradients, Trial* trial);
  T* FreeGradients(const Trial& a, const Trial& b) const;

  const LbfgsOptions options_;
  const size_t size_;
  T* const parameters_;
  // The state begins with arrays of `size`: each remembered step and its change of the gradients,
  // alternately, then the arrays below.
  T* const state_;
  T* const origin_;     // the parameters at the start of the step
  T* const gradients_;  // the gradients at the start of the step
  T* const direction_;
  T* const trials_[3];
  // After the arrays: the number of remembered steps, the index for the next one, the scale of the first
  // Hessian, and each step's 1 / (step . change).
  T* const count_;
  T* const next_;
  T* const scale_;
  T* const inverses_;

  std::vector<double> alphas_;
  bool evaluated_ = false;  // gradients_ and here_ belong to the parameters
  bool finite_ = false;     // the current search has seen a finite loss
  LbfgsPoint here_{};
};

}  // namespace blasnet
