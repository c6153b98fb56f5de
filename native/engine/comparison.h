// Metrics: what the rows of a comparison of labels and predictions add up to. Threads compute the rows'
// values; then one thread adds them in the order of the rows. So a sum is that of a plain loop, whatever the
// number of threads.
#pragma once

#include <cstddef>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/losses.h"
#include "kernels/metrics.h"
#include "kernels/numbers.h"
#include "kernels/record.h"

namespace blasnet {

struct Comparison {
  size_t rows;
  size_t cols;
  Numbers labels;  // (rows, cols); or, with `indices`, (rows) the column that is 1 while all others are 0
  bool indices;    // every index is below cols
  Numbers predictions;  // (rows, cols)
  Numbers weights;      // (rows); without data, every weight is 1
};

// How far a column's labels and predictions are apart.
struct DeviationRecord {
  double residual;  // the weighted sum of (label - prediction)^2
  double spread;    // the weighted sum of (label - mean)^2
  double differ;    // whether any label differs from the first

  static constexpr Field<DeviationRecord> kFields[] = {{"residual", &DeviationRecord::residual},
                                                       {"spread", &DeviationRecord::spread},
                                                       {"differ", &DeviationRecord::differ}};
};

// The weights of the rows of a class, or of the yes of a label.
struct CountRecord {
  double hits;  // predicted and right
  double predicted;
  double actual;
  double occurs;  // whether there is such a row, even of weight 0

  static constexpr Field<CountRecord> kFields[] = {{"hits", &CountRecord::hits},
                                                   {"predicted", &CountRecord::predicted},
                                                   {"actual", &CountRecord::actual},
                                                   {"occurs", &CountRecord::occurs}};
};

// The predictions in a bin, by their weights.
struct BinRecord {
  double weight;
  double predicted;  // the weighted sum of the probabilities
  double observed;   // the weight of those that came true

  static constexpr Field<BinRecord> kFields[] = {{"weight", &BinRecord::weight},
                                                 {"predicted", &BinRecord::predicted},
                                                 {"observed", &BinRecord::observed}};
};

// Each of these returns kStopped, with unfinished results, if `control` says so. Where columns are classes, a
// row of weight above 0 needs a label above 0; otherwise the outcome is kNoClass, with the row.

// Looks for a number that breaks the rule: kLabelOutside, with its index.
Outcome CheckNumbers(const Numbers& numbers, size_t size, LabelRule rule, size_t classes,
                     const Control& control);

// sums (1 + ValuesPerRow): the sum of the weights, then of weight * value.
Outcome SumRows(const Comparison& comparison, RowValue value, const DecisionRule& rule,
                const Control& control, double* sums);

// sums (cols, DeviationRecord), from the deviations of RowDeviations.  means (cols)
Outcome SumDeviations(const Comparison& comparison, const double* means, const Control& control,
                      double* sums);

// counts (cols, CountRecord)
Outcome CountDecisions(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                       double* counts);

// matrix (classes, classes): the weights of the rows of class i that are predicted to be in class j. One
// column has two classes, no and yes.
Outcome CountConfusions(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                        double* matrix);

// bins (rule.k, BinRecord): the chances of RowChances, by BinOf.
Outcome CountBins(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                  double* bins);

// Reads the labels of rows row .. row + count of one column.
const double* ReadLabels(const Comparison& comparison, size_t column, size_t row, size_t count,
                         double* scratch);

}  // namespace blasnet
