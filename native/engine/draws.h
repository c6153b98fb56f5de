// The bulk draws of NumPy's legacy generator. A draw goes on from a state, and writes the new state back when
// it is done: after a stop, the state is the old one, and what was drawn is of no use.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/twister.h"
#include "kernels/variates.h"

namespace blasnet {

// The words of a state: the key, then how many of its words are used (kWords at most).
inline constexpr size_t kStateWords = Twister::kWords + 1;

// Writes `repeats` orders (size each), one after another. Each begins as a copy of `from` (which may be the
// order itself, if there is one), or without it as 0, 1, 2, ... Then its first `count` elements are shuffled.
Outcome DrawOrders(uint32_t* state, const uint32_t* from, size_t repeats, size_t size, size_t count,
                   uint32_t* orders, const Control& control);

// out[i] = low + range * a double in [0, 1)
template <typename T>
Outcome DrawUniform(uint32_t* state, double low, double range, size_t size, T* out, const Control& control);

// Fills out (size) with normals that are within the limit: see NormalOptions. *spare is the second normal of
// a pair until it is used, and otherwise NaN.
template <typename T>
Outcome DrawNormal(uint32_t* state, double* spare, const NormalOptions& options, size_t size, T* out,
                   const Control& control);

}  // namespace blasnet
