// What preprocessing learns from the columns of a matrix: moments, extremes, the middle, the categories. The
// operations run on the operation thread (plan.h). They go through the selected columns in double, and share
// them with the pool: a column is one thread's work, so that the number of threads changes no bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/splits.h"

namespace blasnet {

// Columns of X (rows, width). An element that is not finite ends an operation: the outcome is
// kInputNotFinite, and its index is the first such element of the first such column. If `skip_missing`, NaN
// is left out instead.
template <typename T>
struct Columns {
  const T* x;
  size_t rows;
  size_t width;
  const uint32_t* columns;
  size_t count;  // of columns
  bool skip_missing;
};

// The mean, and the variance over the number of elements, in two passes with a correction (Chan, Golub and
// LeVeque, 1983); the number of elements that are there. Each (count).
template <typename T>
Outcome LearnMoments(const Columns<T>& given, double* means, double* variances, double* present,
                     Control& control);

// The least and the largest element. Each (count).
template <typename T>
Outcome LearnExtremes(const Columns<T>& given, double* least, double* most, Control& control);

// The numbers that sorting a column tells.
struct Order {
  double present;  // elements that are there; without any, the others are NaN
  double median;
  double low;  // the percentiles, linear between neighbours
  double high;
  double mode;  // the most frequent element, of equally frequent ones the smallest
};

// orders (count)
template <typename T>
Outcome LearnOrders(const Columns<T>& given, double low_percentile, double high_percentile, Order* orders,
                    Control& control);

// The percentiles of each column, linear between neighbours; NaN for a column without elements. quantiles
// (count, size)
template <typename T>
Outcome LearnQuantiles(const Columns<T>& given, const std::vector<double>& percentiles, double* quantiles,
                       Control& control);

// The edges of the bins that a tree of each column on the target has: see splits.h. edges (count, bins + 1),
// counts (count): how many edges each column has
template <typename T>
Outcome LearnSplits(const Columns<T>& given, const SplitTarget& target, const SplitLimits& limits,
                    double* edges, double* counts, Control& control);

// The distinct elements of each column, ascending; -0 counts as 0. counts (count): how many each column has.
// If they are more than `most` together, some columns are left without categories.
template <typename T>
Outcome LearnCategories(const Columns<T>& given, size_t most, double* counts,
                        std::vector<std::vector<double>>* categories, Control& control);

}  // namespace blasnet
