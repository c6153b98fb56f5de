// Checks over whole arrays, at memory speed.
#pragma once

#include <cstddef>

namespace blasnet {

// The index of the first NaN or infinity, or `size`.
template <typename T>
size_t FirstNonFinite(const T* data, size_t size);

// The index of the first element outside [low, high] (NaN is outside), or `size`.
template <typename T>
size_t FirstOutside(const T* data, size_t size, T low, T high);

}  // namespace blasnet
