// The part of a metric that each row has on its own. lib/metrics says what becomes of the sums.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// Rows of labels and predictions, both (rows, cols).
struct RowBlock {
  const double* labels;
  const double* predictions;
  size_t rows;
  size_t cols;
};

// What a row adds to a metric. The addon exports these numbers by name.
enum class RowValue : int32_t {
  kSquaredError = 0,   // (label - prediction)^2, for each column
  kAbsoluteError = 1,  // |label - prediction|, for each column
  kLabel = 2,          // the label, for each column
  kHit = 3,            // 1 if the row is predicted right
  kTopKHit = 4,        // 1 if the label's column is among the k largest predictions; the last of equals first
  kLogLoss = 5,        // the cross-entropy
  kBrier = 6,          // the sum of the squared errors
  kLogitSlopes = 7,    // how the cross-entropy of `scale` times the logits changes: see LogitSlopes
};
inline constexpr RowValue kLastRowValue = RowValue::kLogitSlopes;
inline constexpr const char* kRowValueNames[] = {"squaredError", "absoluteError", "label", "hit",
                                                 "topKHit",      "logLoss",       "brier", "logitSlopes"};

// How a row is decided.
struct DecisionRule {
  bool
      classes;  // the column of the largest number counts, the first of equals; else each column is yes or no
  double threshold;  // a prediction above it means yes; a label above 1/2 does
  size_t k;          // for kTopKHit; for bins, their number
  double epsilon;    // for kLogLoss: probabilities are kept this far away from 0 and 1
  double scale;      // for kLogitSlopes
};

// How many numbers a row adds.
size_t ValuesPerRow(RowValue value, size_t cols);

// values (rows, ValuesPerRow)
void RowValues(RowValue value, const DecisionRule& rule, const RowBlock& block, double* values);

// deviations (rows, cols, 3): (label - prediction)^2, (label - mean)^2, and whether the label differs from
// `first`. means (cols), first (cols)
void RowDeviations(const RowBlock& block, const double* means, const double* first, double* deviations);

// decisions (rows, DecisionsPerRow): the columns of label and prediction, if the columns are classes.
// Otherwise a number for each column: 1 for a label's yes plus 2 for a prediction's yes.
void RowDecisions(const DecisionRule& rule, const RowBlock& block, uint32_t* decisions);
size_t DecisionsPerRow(const DecisionRule& rule, size_t cols);

// A probability and whether it came true: of the largest column, if the columns are classes; otherwise of
// each column.
struct Chance {
  double probability;
  double came_true;
};

// chances (rows, ChancesPerRow)
void RowChances(const DecisionRule& rule, const RowBlock& block, Chance* chances);
size_t ChancesPerRow(const DecisionRule& rule, size_t cols);

// The bin of a probability among `bins` of equal width. An edge belongs to the bin below it, as in
// scikit-learn.
size_t BinOf(double probability, size_t bins);

}  // namespace blasnet
