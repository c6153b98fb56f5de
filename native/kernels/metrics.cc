#include "kernels/metrics.h"

#include <algorithm>
#include <cmath>

#include "kernels/logarithm.h"

namespace blasnet {
namespace {

// The column of the largest number, the first of equals.
size_t ArgMax(const double* row, size_t cols) {
  size_t best = 0;
  for (size_t c = 1; c < cols; c++) best = row[c] > row[best] ? c : best;
  return best;
}

uint32_t Decide(double label, double prediction, double threshold) {
  return static_cast<uint32_t>(label > 0.5) | static_cast<uint32_t>(prediction > threshold) << 1;
}

bool IsHit(const DecisionRule& rule, const double* labels, const double* predictions, size_t cols) {
  if (rule.classes) return ArgMax(labels, cols) == ArgMax(predictions, cols);
  for (size_t c = 0; c < cols; c++) {
    if ((labels[c] > 0.5) != (predictions[c] > rule.threshold)) return false;
  }
  return true;
}

bool IsTopKHit(size_t k, const double* labels, const double* predictions, size_t cols) {
  const size_t label = ArgMax(labels, cols);
  const double own = predictions[label];
  size_t before = 0;
  for (size_t c = 0; c < cols; c++) {
    before += static_cast<size_t>(predictions[c] > own || (predictions[c] == own && c > label));
  }
  return before < k;
}

// -sum(y log p), with p scaled to the sum 1.
double ClassLoss(double epsilon, const double* labels, const double* predictions, size_t cols) {
  double total = 0, loss = 0;
  for (size_t c = 0; c < cols; c++) total += std::clamp(predictions[c], epsilon, 1 - epsilon);
  for (size_t c = 0; c < cols; c++) {
    // A label of 0 adds nothing.
    if (labels[c] == 0) continue;
    loss -= labels[c] * Logarithm(std::clamp(predictions[c], epsilon, 1 - epsilon) / total);
  }
  return loss;
}

// -sum(y log p + (1 - y) log(1 - p))
double BinaryLoss(double epsilon, const double* labels, const double* predictions, size_t cols) {
  double loss = 0;
  for (size_t c = 0; c < cols; c++) {
    const double y = labels[c], p = std::clamp(predictions[c], epsilon, 1 - epsilon);
    // Most labels need only one of the two logarithms.
    if (y == 0 || y == 1) {
      loss -= Logarithm(y == 1 ? p : 1 - p);
    } else {
      loss -= y * Logarithm(p) + (1 - y) * Logarithm(1 - p);
    }
  }
  return loss;
}

double SumOfSquares(const double* labels, const double* predictions, size_t cols) {
  double sum = 0;
  for (size_t c = 0; c < cols; c++) sum += (predictions[c] - labels[c]) * (predictions[c] - labels[c]);
  return sum;
}

// With the logits z of a row, and p the probabilities of scale * z: the mean of z under p less that under the
// labels (the first derivative of the cross-entropy by scale), the variance of z under p (the second one),
// and the plain mean of z less that under the labels. A single logit is that of yes; that of no is 0.
void LogitSlopes(const DecisionRule& rule, const double* labels, const double* z, size_t cols,
                 double* slopes) {
  if (!rule.classes) {
    const double p = 1 / (1 + std::exp(-rule.scale * *z));
    slopes[0] = (p - *labels) * *z;
    slopes[1] = p * (1 - p) * *z * *z;
    slopes[2] = (0.5 - *labels) * *z;
    return;
  }
  const double largest = *std::max_element(z, z + cols);
  double total = 0, mean = 0, square = 0, plain = 0, actual = 0;
  for (size_t c = 0; c < cols; c++) {
    // From the largest one, so that no power overflows and the variance keeps its digits.
    const double shifted = z[c] - largest, weight = std::exp(rule.scale * shifted);
    total += weight;
    mean += weight * shifted;
    square += weight * shifted * shifted;
    plain += shifted;
    actual += labels[c] * shifted;
  }
  mean /= total;
  slopes[0] = mean - actual;
  slopes[1] = square / total - mean * mean;
  slopes[2] = plain / static_cast<double>(cols) - actual;
}

// values[r] = value(labels of r, predictions of r)
template <class F>
void EachRow(const RowBlock& block, double* values, const F& value) {
  for (size_t r = 0; r < block.rows; r++) {
    values[r] = static_cast<double>(value(block.labels + r * block.cols, block.predictions + r * block.cols));
  }
}

// values[i] = value(label i, prediction i)
template <class F>
void EachElement(const RowBlock& block, double* values, const F& value) {
  for (size_t i = 0; i < block.rows * block.cols; i++)
    values[i] = value(block.labels[i], block.predictions[i]);
}

}  // namespace

size_t ValuesPerRow(RowValue value, size_t cols) {
  if (value == RowValue::kLogitSlopes) return 3;
  return value <= RowValue::kLabel ? cols : 1;
}

void RowValues(RowValue value, const DecisionRule& rule, const RowBlock& block, double* values) {
  const size_t cols = block.cols;
  switch (value) {
    case RowValue::kSquaredError:
      return EachElement(block, values, [](double y, double p) { return (y - p) * (y - p); });
    case RowValue::kAbsoluteError:
      return EachElement(block, values, [](double y, double p) { return std::abs(y - p); });
    case RowValue::kLabel:
      return EachElement(block, values, [](double y, double) { return y; });
    case RowValue::kHit:
      return EachRow(block, values,
                     [&](const double* y, const double* p) { return IsHit(rule, y, p, cols); });
    case RowValue::kTopKHit:
      return EachRow(block, values,
                     [&](const double* y, const double* p) { return IsTopKHit(rule.k, y, p, cols); });
    case RowValue::kLogLoss:
      return EachRow(block, values, [&](const double* y, const double* p) {
        return rule.classes ? ClassLoss(rule.epsilon, y, p, cols) : BinaryLoss(rule.epsilon, y, p, cols);
      });
    case RowValue::kBrier:
      return EachRow(block, values,
                     [&](const double* y, const double* p) { return SumOfSquares(y, p, cols); });
    case RowValue::kLogitSlopes:
      for (size_t r = 0; r < block.rows; r++) {
        LogitSlopes(rule, block.labels + r * cols, block.predictions + r * cols, cols, values + 3 * r);
      }
  }
}

void RowDeviations(const RowBlock& block, const double* means, const double* first, double* deviations) {
  for (size_t r = 0; r < block.rows; r++) {
    for (size_t c = 0; c < block.cols; c++) {
      const size_t i = r * block.cols + c;
      const double y = block.labels[i], error = y - block.predictions[i];
      deviations[3 * i] = error * error;
      deviations[3 * i + 1] = (y - means[c]) * (y - means[c]);
      deviations[3 * i + 2] = static_cast<double>(y != first[c]);
    }
  }
}

size_t DecisionsPerRow(const DecisionRule& rule, size_t cols) { return rule.classes ? 2 : cols; }

void RowDecisions(const DecisionRule& rule, const RowBlock& block, uint32_t* decisions) {
  const size_t cols = block.cols;
  if (!rule.classes) {
    for (size_t i = 0; i < block.rows * cols; i++) {
      decisions[i] = Decide(block.labels[i], block.predictions[i], rule.threshold);
    }
    return;
  }
  for (size_t r = 0; r < block.rows; r++) {
    decisions[2 * r] = static_cast<uint32_t>(ArgMax(block.labels + r * cols, cols));
    decisions[2 * r + 1] = static_cast<uint32_t>(ArgMax(block.predictions + r * cols, cols));
  }
}

size_t ChancesPerRow(const DecisionRule& rule, size_t cols) { return rule.classes ? 1 : cols; }

void RowChances(const DecisionRule& rule, const RowBlock& block, Chance* chances) {
  const size_t cols = block.cols;
  if (!rule.classes) {
    for (size_t i = 0; i < block.rows * cols; i++) chances[i] = {block.predictions[i], block.labels[i]};
    return;
  }
  for (size_t r = 0; r < block.rows; r++) {
    const double *labels = block.labels + r * cols, *predictions = block.predictions + r * cols;
    const size_t best = ArgMax(predictions, cols);
    chances[r] = {predictions[best], static_cast<double>(ArgMax(labels, cols) == best)};
  }
}

size_t BinOf(double probability, size_t bins) {
  const double width = 1 / static_cast<double>(bins);
  // Products, as in NumPy's linspace, so that a probability on an edge is in the same bin.
  size_t bin = std::min(bins - 1, static_cast<size_t>(std::clamp(probability, 0.0, 1.0) / width));
  while (bin > 0 && probability <= static_cast<double>(bin) * width) bin--;
  while (bin < bins - 1 && probability > static_cast<double>(bin + 1) * width) bin++;
  return bin;
}

}  // namespace blasnet
