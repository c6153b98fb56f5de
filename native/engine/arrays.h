// Operations on whole arrays of floats. They are cut by their lengths alone. After a stop, the results are of
// no use.
#pragma once

#include <cstddef>

#include "engine/control.h"
#include "engine/outcome.h"

namespace blasnet {

// Sets all elements to one number.
template <typename T>
Outcome FillArray(double value, size_t size, T* out, const Control& control);

// Copies elements, which become those of the other type.
template <typename From, typename To>
Outcome CopyArray(const From* from, size_t size, To* out, const Control& control);

// Outcome: index is the first element that is NaN or infinite, or `size`.
template <typename T>
Outcome FindNonFinite(const T* data, size_t size, const Control& control);

}  // namespace blasnet
