// What a plan is given to learn from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// X (rows, numbers), codes (rows, embeddings), Y (rows, out) and, unless it is null, a weight for each sample
// (rows). Y is of int32_t, one class a sample, where the loss takes classes.
struct Samples {
  const void* x;
  const int32_t* codes;
  const void* y;
  const void* weights;
  size_t rows;
};

}  // namespace blasnet
