// Work with a column of a table, whose values are typed: see lib/tables/column.ts. Missing are NaN in
// doubles, and -1 in codes and flags. After a stop, results are of no use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/control.h"
#include "engine/outcome.h"

namespace blasnet {

struct ColumnFacts {
  size_t present = 0;  // values that are not missing
  // The mean of those: of flags the share of true ones.
  double mean = 0;
  // Of doubles only.
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
  // Without infinities.
  double least_finite = std::numeric_limits<double>::infinity();
  double greatest_finite = -std::numeric_limits<double>::infinity();
};

Outcome DescribeNumbers(const double* values, size_t rows, ColumnFacts* facts, const Control& control);
template <typename T>
Outcome DescribeIntegers(const T* values, size_t rows, ColumnFacts* facts, const Control& control);

// Counts how often each code from 0 to `categories` - 1 comes, and lists those that come in `order`
// (categories): first the one that comes first. Outcome: index is their number; or kCodeOutside, and index is
// the row of a code beyond the categories.
Outcome CountCodes(const int32_t* codes, size_t rows, double* counts, int32_t* order, size_t categories,
                   const Control& control);

// Lists all rows in `order` (rows), those with lesser values first, and equal ones as they come. No value is
// NaN.
Outcome SortRows(const double* values, size_t rows, uint32_t* order, const Control& control);

}  // namespace blasnet
