// Checks of whole arrays, at memory speed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/losses.h"

namespace blasnet {

// The index of the first NaN or infinity, or `size`.
template <typename T>
size_t FirstNonFinite(const T* data, size_t size);

// The index of the first element outside [low, high] (NaN is outside), or `size`.
template <typename T>
size_t FirstOutside(const T* data, size_t size, T low, T high);

// The index of the first label that breaks the rule, or `size`. NaN breaks every rule.
template <typename T>
size_t FirstBadLabel(LabelRule rule, size_t outputs, const T* labels, size_t size);

// The index of the first element that is not a class from 0 to outputs - 1, or `size`.
size_t FirstBadClass(const int32_t* classes, size_t outputs, size_t size);

// The first of the rows row .. rows in which no label is above 0, or `rows`. labels (rows, outputs)
template <typename T>
size_t FirstRowOfZeros(const T* labels, size_t outputs, size_t row, size_t rows);

}  // namespace blasnet
