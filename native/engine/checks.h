// Checks that samples are valid for a network: finite numbers, codes of its tables, labels of its loss. The
// plan calls the checks before it uses the samples: CheckSamples on the operation thread, CheckInputs also on
// pool threads.
#pragma once

#include "engine/control.h"
#include "engine/layers.h"
#include "engine/outcome.h"
#include "engine/stages/input.h"
#include "kernels/losses.h"

namespace blasnet {

// Checks the inputs of rows row .. row + m.
template <typename T>
Outcome CheckInputs(const Network& network, const Source<T>& source, size_t row, size_t m);

// Checks the inputs and labels of rows 0 .. rows. If the labels are shares of classes, each row needs one
// above 0, unless its weight is 0. Returns kStopped if `control` says so.
template <typename T>
Outcome CheckSamples(const Network& network, Loss loss, const Source<T>& source, size_t rows,
                     const Control& control);

}  // namespace blasnet
