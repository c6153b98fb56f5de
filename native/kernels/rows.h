// Work with single rows of samples: copies, classes, weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/read_once.h"

namespace blasnet {

// Copies rows index[0 .. count) of `from` (rows x row_bytes) to `out`, one after another. Returns false at
// the first index out of range.
bool CopyRows(const void* from, size_t rows, size_t row_bytes, const uint32_t* index, size_t count,
              void* out);

// Whether all of index[0 .. count) are below `rows`.
bool AllBelow(const uint32_t* index, size_t count, size_t rows);

// The class of a row of labels: the class number itself; with several columns, the column of the largest
// label (the first of equals); with one column, 1 if the label is above 1/2, else 0.
inline int32_t ClassOf(const int32_t* labels, size_t /*cols*/, size_t row) { return ReadOnce(labels + row); }
template <typename T>
int32_t ClassOf(const T* labels, size_t cols, size_t row) {
  if (cols == 1) return static_cast<double>(labels[row]) > 0.5 ? 1 : 0;
  const T* label = labels + row * cols;
  size_t best = 0;
  for (size_t col = 1; col < cols; col++) {
    if (label[col] > label[best]) best = col;
  }
  return static_cast<int32_t>(best);
}

// Adds the rows [first, last) to the counts of their classes (classes). Returns the first row that belongs to
// no class or has several largest labels, or `last`.
template <typename T>
size_t CountClassesIn(const T* labels, size_t cols, size_t first, size_t last, size_t classes,
                      uint64_t* counts);

}  // namespace blasnet
