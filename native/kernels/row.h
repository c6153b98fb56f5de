// One sample through dense layers, whose values are vectors.
#pragma once

#include <cstddef>

namespace blasnet {

// A dense layer: z = W x + b, and then relu if `relu`.
template <typename T>
struct RowLayer {
  const T* w;  // (out, in)
  const T* b;  // (out)
  size_t in;
  size_t out;
  bool relu;
  T* z;  // (out) written
};

// Computes some layers, one after another. The first one reads x, every other one the z of the layer before.
template <typename T>
void RowForward(const RowLayer<T>* layers, size_t count, const T* x);

}  // namespace blasnet
