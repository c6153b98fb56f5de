// Checks over whole arrays, at memory speed.
#pragma once

#include <cstddef>

#include "kernels/types.h"

namespace blasnet {

// The index of the first NaN or infinity, or `size`.
template <typename T>
size_t FirstNonFinite(const T* data, size_t size);

// The index of the first element outside [low, high] (NaN is outside), or `size`.
template <typename T>
size_t FirstOutside(const T* data, size_t size, T low, T high);

// The index of the first label that the loss does not take, or `size`. Cross-entropies and klDivergence take
// numbers from 0 to 1, the sparse one integers from 0 to outputs - 1, poisson finite numbers of at least 0,
// hinge -1 and 1, the others finite numbers.
template <typename T>
size_t FirstBadLabel(Loss loss, size_t outputs, const T* labels, size_t size);

}  // namespace blasnet
