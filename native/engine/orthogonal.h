// Matrices with orthogonal rows or columns, from normal ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/control.h"
#include "engine/outcome.h"

namespace blasnet {

// Makes A (rows x cols), whose rows (or columns, if there are fewer columns) are orthogonal and of length
// `gain`. With `normal` (rows x cols) from DrawNormal, the short side's vectors come from the decomposition
// Q R with a positive diagonal of R. After a stop, the generator's state is unchanged.
template <typename T>
Outcome DrawOrthogonal(uint32_t* state, double* spare, size_t rows, size_t cols, double gain, T* out,
                       const Control& control);

}  // namespace blasnet
