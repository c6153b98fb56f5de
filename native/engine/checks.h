// Whether samples hold what a network can learn from: finite numbers, codes of its tables, labels of its
// loss.
#pragma once

#include "engine/control.h"
#include "engine/layers.h"
#include "engine/outcome.h"
#include "engine/stages/input.h"
#include "kernels/losses.h"

namespace blasnet {

// The inputs of rows row .. row + m.
template <typename T>
Outcome CheckInputs(const Network& network, const Source<T>& source, size_t row, size_t m);

// The inputs and labels of rows 0 .. rows. Stops when `control` says so.
template <typename T>
Outcome CheckSamples(const Network& network, Loss loss, const Source<T>& source, size_t rows,
                     const Control& control);

}  // namespace blasnet
