#include "engine/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "kernels/vectors.h"

namespace blasnet {
namespace {

constexpr size_t kWorkArrays = 6;
constexpr size_t kScalars = 3;
constexpr double kDecrease = 1e-4;       // Wolfe's c1: the loss must fall by this share of the slope
constexpr double kCurvature = 0.9;       // Wolfe's c2: at most this share of the slope may remain
constexpr double kLeastProduct = 1e-10;  // the least step . change that is worth remembering

// The minimum, within [low, high], of the cubic through two points with these losses and slopes.
double CubicMinimum(double x1, double f1, double g1, double x2, double f2, double g2, double low,
                    double high) {
  const double d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2);
  const double square = d1 * d1 - g1 * g2;
  const double middle = (low + high) / 2;
  if (!(square >= 0)) return middle;
  const double d2 = std::sqrt(square);
  const double minimum = x1 <= x2 ? x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
                                  : x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2));
  return std::isfinite(minimum) ? std::min(std::max(minimum, low), high) : middle;
}

}  // namespace

size_t LbfgsArrays(size_t history) { return 2 * history + kWorkArrays; }

size_t LbfgsStateSize(size_t history, size_t parameters) {
  return LbfgsArrays(history) * parameters + kScalars + history;
}

template <typename T>
Lbfgs<T>::Lbfgs(const LbfgsOptions& options, size_t size, T* parameters, T* state)
    : options_(options),
      size_(size),
      parameters_(parameters),
      state_(state),
      origin_(Array(2 * options.History())),
      gradients_(Array(2 * options.History() + 1)),
      direction_(Array(2 * options.History() + 2)),
      trials_{Array(2 * options.History() + 3), Array(2 * options.History() + 4),
              Array(2 * options.History() + 5)},
      count_(Array(LbfgsArrays(options.History()))),
      next_(count_ + 1),
      scale_(count_ + 2),
      inverses_(count_ + kScalars),
      alphas_(options.History()) {}

template <typename T>
LbfgsStatus Lbfgs<T>::Step(const Evaluate& evaluate, LbfgsPoint* before) {
  if (!evaluated_) {
    if (!evaluate(gradients_, &here_)) return LbfgsStatus::kStopped;
    evaluated_ = true;
  }
  *before = here_;
  const double sum = SumOfSizes(gradients_, size_);
  if (!std::isfinite(here_.loss) || !std::isfinite(sum)) return LbfgsStatus::kDiverged;
  if (LargestSize(gradients_, size_) <= options_.tolerance_gradient) return LbfgsStatus::kConverged;

  const bool first = Count() == 0;
  FindDirection();
  const double slope = Dot(gradients_, direction_, size_);
  if (slope > -options_.tolerance_change) return LbfgsStatus::kConverged;
  std::copy_n(parameters_, size_, origin_);
  Trial best;
  bool whole = false;
  try {
    whole = Search(evaluate, options_.learning_rate * (first ? std::min(1.0, 1 / sum) : 1), slope, &best);
  } catch (...) {
    // For want of memory: the step is not taken.
    std::copy_n(origin_, size_, parameters_);
    throw;
  }
  if (!whole || best.step == 0) {
    std::copy_n(origin_, size_, parameters_);
    if (!whole) return LbfgsStatus::kStopped;
    if (!finite_) return LbfgsStatus::kDiverged;
    // No lower point: the remembered steps mislead, or there is no lower point at all.
    if (first) return LbfgsStatus::kConverged;
    Forget();
    return LbfgsStatus::kStepped;
  }
  AddScaled(origin_, best.step, direction_, size_, parameters_);
  Remember(best);
  const double change = std::abs(best.point.loss - here_.loss);
  std::copy_n(best.gradients, size_, gradients_);
  here_ = best.point;
  const bool converged = change < options_.tolerance_change ||
                         LargestSize(direction_, size_) * best.step <= options_.tolerance_change;
  return converged ? LbfgsStatus::kConverged : LbfgsStatus::kStepped;
}

// direction = -H gradients, by two loops over the remembered steps, the first from newest to oldest.
template <typename T>
void Lbfgs<T>::FindDirection() {
  Scale(gradients_, -1, size_, direction_);
  const size_t count = Count(), next = Next();
  const auto at = [&](size_t i) { return (next + options_.History() - count + i) % options_.History(); };
  for (size_t i = count; i-- > 0;) {
    const size_t k = at(i);
    alphas_[k] = Dot(Steps(k), direction_, size_) * static_cast<double>(inverses_[k]);
    AddScaled(direction_, -alphas_[k], Changes(k), size_, direction_);
  }
  if (count > 0) Scale(direction_, static_cast<double>(*scale_), size_, direction_);
  for (size_t i = 0; i < count; i++) {
    const size_t k = at(i);
    const double beta = Dot(Changes(k), direction_, size_) * static_cast<double>(inverses_[k]);
    AddScaled(direction_, alphas_[k] - beta, Steps(k), size_, direction_);
  }
}

template <typename T>
void Lbfgs<T>::Remember(const Trial& trial) {
  const size_t k = Next();
  // Compute into free arrays of the trials: the oldest step must stay until the new one is known to be worth
  // remembering.
  T* step = FreeGradients(trial, trial);
  Trial taken{};
  taken.gradients = step;
  T* change = FreeGradients(trial, taken);
  Scale(direction_, trial.step, size_, step);
  AddScaled(trial.gradients, -1, gradients_, size_, change);
  const double product = Dot(step, change, size_);
  if (!(product > kLeastProduct)) return;
  std::copy_n(step, size_, Steps(k));
  std::copy_n(change, size_, Changes(k));
  inverses_[k] = static_cast<T>(1 / product);
  *scale_ = static_cast<T>(product / Dot(change, change, size_));
  *next_ = static_cast<T>((k + 1) % options_.History());
  *count_ = static_cast<T>(std::min(Count() + 1, options_.History()));
}

template <typename T>
void Lbfgs<T>::Forget() {
  *count_ = *next_ = 0;
}

// Finds a step along the direction that meets the strong Wolfe conditions, or the lowest of the points tried.
// Returns false if stopped.
template <typename T>
bool Lbfgs<T>::Search(const Evaluate& evaluate, double step, double slope, Trial* best) {
  const Trial start{0, here_, slope, gradients_};
  const auto too_high = [&](const Trial& trial) {
    return !(trial.point.loss <= here_.loss + kDecrease * trial.step * slope);
  };
  const auto is_flat = [&](const Trial& trial) { return std::abs(trial.slope) <= -kCurvature * slope; };

  finite_ = false;
  Trial bracket[2] = {start, start};
  size_t evaluations = 1;
  if (!Try(evaluate, step, FreeGradients(start, start), &bracket[1])) return false;
  // Step further until a minimum lies between the last two points.
  while (!(too_high(bracket[1]) || (evaluations > 2 && bracket[1].point.loss >= bracket[0].point.loss))) {
    if (is_flat(bracket[1])) {
      *best = bracket[1];
      return true;
    }
    if (bracket[1].slope >= 0) break;
    if (evaluations == options_.Evaluations()) {
      bracket[0] = start;
      break;
    }
    const auto& [last, here] = bracket;
    const double further =
        CubicMinimum(last.step, last.point.loss, last.slope, here.step, here.point.loss, here.slope,
                     here.step + 0.01 * (here.step - last.step), here.step * 10);
    Trial next;
    if (!Try(evaluate, further, FreeGradients(last, here), &next)) return false;
    evaluations++;
    bracket[0] = bracket[1];
    bracket[1] = next;
  }

  // Narrow the bracket around it.
  const double size = LargestSize(direction_, size_);
  bool was_close = false;
  size_t low = bracket[0].point.loss <= bracket[1].point.loss ? 0 : 1;
  while (evaluations < options_.Evaluations()) {
    const double least = std::min(bracket[0].step, bracket[1].step);
    const double most = std::max(bracket[0].step, bracket[1].step);
    if ((most - least) * size < options_.tolerance_change) break;
    double middle = CubicMinimum(bracket[0].step, bracket[0].point.loss, bracket[0].slope, bracket[1].step,
                                 bracket[1].point.loss, bracket[1].slope, least, most);
    // A point near an end for the second time, or at an end, makes no progress: move it inwards.
    const double margin = 0.1 * (most - least);
    const bool is_close = std::min(most - middle, middle - least) < margin;
    const bool moves = is_close && (was_close || middle >= most || middle <= least);
    if (moves) middle = most - middle < middle - least ? most - margin : least + margin;
    was_close = is_close && !moves;

    Trial next;
    if (!Try(evaluate, middle, FreeGradients(bracket[0], bracket[1]), &next)) return false;
    evaluations++;
    const size_t high = 1 - low;
    if (too_high(next) || next.point.loss >= bracket[low].point.loss) {
      bracket[high] = next;
      low = bracket[0].point.loss <= bracket[1].point.loss ? 0 : 1;
    } else {
      const bool turns = next.slope * (bracket[high].step - bracket[low].step) >= 0;
      if (turns && !is_flat(next)) bracket[high] = bracket[low];
      bracket[low] = next;
      if (is_flat(next)) break;
    }
  }
  *best = bracket[low];
  return true;
}

// Returns false if stopped.
template <typename T>
bool Lbfgs<T>::Try(const Evaluate& evaluate, double step, T* gradients, Trial* trial) {
  AddScaled(origin_, step, direction_, size_, parameters_);
  *trial = {step, {}, 0, gradients};
  if (!evaluate(gradients, &trial->point)) return false;
  trial->slope = Dot(gradients, direction_, size_);
  if (std::isfinite(trial->point.loss) && std::isfinite(trial->slope)) {
    finite_ = true;
  } else {
    trial->point.loss = std::numeric_limits<double>::infinity();
  }
  return true;
}

// The first of the trials' arrays that neither trial uses.
template <typename T>
T* Lbfgs<T>::FreeGradients(const Trial& a, const Trial& b) const {
  return *std::find_if(std::begin(trials_), std::end(trials_),
                       [&](T* trial) { return trial != a.gradients && trial != b.gradients; });
}

template class Lbfgs<double>;
template class Lbfgs<float>;

}  // namespace blasnet
