// The labelled samples of an operation. binding/plan.cc points them at JavaScript's arrays, and keeps the
// arrays alive while the operation runs. All threads of the operation read them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// X (rows, numbers), codes (rows, embeddings), Y (rows, out) and, unless null, a weight per sample (rows). If
// the loss takes classes, Y is (rows) of int32_t.
struct Samples {
  const void* x;
  const int32_t* codes;
  const void* y;
  const void* weights;
  size_t rows;
};

}  // namespace blasnet
