// What a plan is given to learn from, and whether it can.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// X (rows, in), Y (rows, out) and, unless it is null, a weight for each sample (rows). Y is of int32_t, one
// class a sample, where the loss takes classes.
struct Samples {
  const void* x;
  const void* y;
  const void* weights;
  size_t rows;
};

// The index of the first element that is no class, from 0 to outputs - 1; or `size`.
size_t FirstBadClass(const int32_t* classes, size_t outputs, size_t size);

}  // namespace blasnet
