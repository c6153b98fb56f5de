// What a plan is given to learn from, and whether it can.
#pragma once

#include <cstddef>

#include "kernels/types.h"

namespace blasnet {

// X (rows, in), Y (rows, out) and, unless it is null, a weight for each sample (rows). Y is of int32_t, one
// class a sample, where the loss takes classes.
struct Samples {
  const void* x;
  const void* y;
  const void* weights;
  size_t rows;
};

// The index, counted from `from`, of the first of `size` labels that the loss has no use for; or `size`.
template <typename T>
size_t FirstBadLabel(Loss loss, size_t outputs, const void* labels, size_t from, size_t size);

}  // namespace blasnet
