// L-BFGS: a quasi-Newton method whose Hessian is that of the last few steps (Nocedal and Wright, Numerical
// Optimization, 2006, algorithm 7.5), with a line search for the strong Wolfe conditions (algorithms 3.5 and
// 3.6, with cubic interpolation). Decisions are those of PyTorch's LBFGS with line_search_fn='strong_wolfe',
// but for two: a loss that is not finite shortens the step, and where no point along the direction is lower,
// what is remembered is dropped and the gradient followed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/record.h"

namespace blasnet {

struct LbfgsOptions {
  double learning_rate;       // what a line search tries first; 1 is Newton's step
  double history_size;        // steps that are remembered
  double tolerance_gradient;  // the largest component of a gradient that counts as zero
  double tolerance_change;    // the largest change of a parameter, or of the loss, that counts as none
  double max_evaluations;     // in one line search, at most

  static constexpr const char* kName = "lbfgs";
  static constexpr Field<LbfgsOptions> kFields[] = {{"learningRate", &LbfgsOptions::learning_rate},
                                                    {"historySize", &LbfgsOptions::history_size},
                                                    {"toleranceGradient", &LbfgsOptions::tolerance_gradient},
                                                    {"toleranceChange", &LbfgsOptions::tolerance_change},
                                                    {"maxEvaluations", &LbfgsOptions::max_evaluations}};

  // Whatever number comes, a size from 1 to 1000, which no product of sizes overflows.
  size_t History() const { return Size(history_size); }
  size_t Evaluations() const { return Size(max_evaluations); }

 private:
  static size_t Size(double value) { return value >= 1 ? static_cast<size_t>(std::min(value, 1000.0)) : 1; }
};

// An Lbfgs keeps so many arrays of the parameters' size, and behind them some numbers.
size_t LbfgsArrays(size_t history);

// How many elements of state that makes for so many parameters; zeros before the first step.
size_t LbfgsStateSize(size_t history, size_t parameters);

enum class LbfgsStatus : int32_t {
  kStepped = 0,
  kConverged = 1,  // to one of the tolerances, maybe with a last step
  kStopped = 2,    // by the evaluation
  kDiverged = 3,   // no finite loss here, or none along the direction of descent
};
inline constexpr const char* kLbfgsStatusNames[] = {"stepped", "converged", "stopped", "diverged"};

// What an evaluation finds at a point. The accuracy is the caller's.
struct LbfgsPoint {
  double loss;
  double accuracy;
};

// All that is kept between steps is in `state`: another object on the same state goes on where this one was.
template <typename T>
class Lbfgs {
 public:
  // The loss at the present parameters and its gradients; false to stop.
  using Evaluate = std::function<bool(T* gradients, LbfgsPoint* point)>;

  Lbfgs(const LbfgsOptions& options, size_t size, T* parameters, T* state);

  // One step, of one or more evaluations; `before` is where it began. Unless the step was finished the
  // parameters are those from before it.
  LbfgsStatus Step(const Evaluate& evaluate, LbfgsPoint* before);

 private:
  // A point along the direction: what is not finite there has an infinite loss.
  struct Trial {
    double step;
    LbfgsPoint point;
    double slope;
    T* gradients;
  };

  T* Array(size_t i) const { return state_ + i * size_; }
  T* Steps(size_t i) const { return Array(2 * i); }
  T* Changes(size_t i) const { return Array(2 * i + 1); }
  size_t Count() const { return SizeOf(*count_, options_.History()); }
  size_t Next() const { return SizeOf(*next_, options_.History() - 1); }

  // A state may come from a file, and hold anything.
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
  // Of the state, arrays of `size` first: steps and the gradients' changes over them, in turns; then these.
  T* const state_;
  T* const origin_;     // where the step begins
  T* const gradients_;  // there
  T* const direction_;
  T* const trials_[3];
  // Behind the arrays: how many steps are remembered, where the next goes, the scale of the first Hessian,
  // and each step's 1 / (step . change).
  T* const count_;
  T* const next_;
  T* const scale_;
  T* const inverses_;

  std::vector<double> alphas_;
  bool evaluated_ = false;  // gradients_ and here_ are those of the parameters
  bool finite_ = false;     // the search under way has seen a finite loss
  LbfgsPoint here_{};
};

}  // namespace blasnet
