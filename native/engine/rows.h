// Operations on the rows of samples: copies of some rows, classes, weights. Rows are cut by
// their shapes alone, and sums run in the order of the rows, so no result depends on the number of threads.
// After a stop, the results are of no use.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/losses.h"
#include "kernels/numbers.h"

namespace blasnet {

enum class ElementType : int32_t { kFloat64, kFloat32, kInt32 };

// A typed array.
struct Elements {
  const void* data;
  ElementType type;
};

// Labels (rows x cols), or class numbers (rows).
struct LabelRows {
  Elements elements;
  size_t cols;
  size_t rows;
};

// Copies rows of `from` (rows x row_bytes) to `out` (count x row_bytes).
// Throws std::out_of_range if an index is not below `rows`.
Outcome TakeRows(const void* from, size_t rows, size_t row_bytes, const uint32_t* index, size_t count,
                 void* out, const Control& control);

// Counts the rows of each class; with weights (rows), only those whose weight is not 0. Outcome: index is the
// first such row that belongs to no class, or the number of rows.
Outcome CountClasses(const LabelRows& labels, const Elements* weights, size_t classes, double* counts,
                     const Control& control);

// Goes through `order` (rows), and moves quotas[c] rows of each class c to its end, the first ones that come.
// All rows keep their order otherwise. A class that has no quota has the quota 0. Throws std::out_of_range if
// an element of `order` is not below the number of rows.
Outcome Stratify(const LabelRows& labels, const double* quotas, size_t classes, uint32_t* order,
                 const Control& control);

// Writes the labels of class numbers: out (rows x cols) gets `on` in the column of a row's class, `off` in
// the others. The last column is that of the last class; so a class before the first column has `off` alone.
// Throws std::out_of_range for a class that is not below `classes`.
template <typename T>
Outcome EncodeClasses(const int32_t* numbers, size_t rows, size_t classes, size_t cols, double off, double on,
                      T* out, const Control& control);

// Writes the class number of each row of outputs (rows x cols): the column of the largest, the first of
// equals; or, with a threshold and one column, whether the output is above it. Outcome: index is the first
// output that is NaN, or rows * cols.
template <typename T>
Outcome DecideClasses(const T* outputs, size_t rows, size_t cols, const double* threshold, int32_t* numbers,
                      const Control& control);

// Outcome: index is the first weight that is negative or not finite, or `count`. Totals: loss is the sum, if
// there is none.
Outcome CheckWeights(const Elements& weights, size_t count, Totals* totals, const Control& control);

// Outcome: index is the first element of `order` (rows) that is not below `rows` or that repeats another, or
// `rows`.
Outcome CheckOrder(const uint32_t* order, size_t rows, const Control& control);

// Lists all rows: first those whose weight is not 0, then the others, both in their own order. order (rows).
// Outcome: index is the number of the first ones.
Outcome ListPresent(const Elements& weights, size_t rows, uint32_t* order, const Control& control);

// What Weigh multiplies for each row. A row of weight 0 may belong to no class.
struct WeightSources {
  const Elements* weights;  // (rows) or null: 1
  const LabelRows* labels;  // or null
  const double* of_class;   // (classes) the weights of the labels' classes
  size_t classes;
  size_t rows;
};

// Computes the weights of all rows, times `scale`. out (rows). Outcome: index is the first row whose weight
// is beyond the range of T, or `rows`. Totals: loss is the sum of the weights without the scale, and hits is
// the number of those in `out` that are not 0. Throws std::out_of_range for a bad class.
template <typename T>
Outcome Weigh(const WeightSources& sources, double scale, T* out, Totals* totals, const Control& control);

}  // namespace blasnet
