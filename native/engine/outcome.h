// How a plan's operation ended.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// Why a plan's operation returned. The addon exports the names with these numbers, and a test compares them.
enum class Status : int32_t {
  kDone = 0,
  kStopped = 1,         // the stop flag was raised; only whole steps were taken
  kInputNotFinite = 2,  // index: the element of X
  kLabelOutside = 3,    // index: the element of Y
  kDiverged = 4,        // epoch, batch, layer: a loss that is not finite; that step was not taken
  kOverflowed = 5,      // epoch, index: a parameter that is not finite after that epoch
  kConverged = 6,       // L-BFGS: epoch; there is nothing left to gain
  kCodeOutside = 7,     // index: the element of the codes
};
inline constexpr const char* kStatusNames[] = {"done",     "stopped",    "inputNotFinite", "labelOutside",
                                               "diverged", "overflowed", "converged",      "codeOutside"};

struct Outcome {
  Status status = Status::kDone;
  size_t index = 0;
  size_t epoch = 0;  // epochs finished, or the one (from 0) that diverged
  size_t batch = 0;  // from 0: of that epoch, those whose steps were taken, or the one that diverged
  size_t layer = 0;  // from 1: the first whose activations are not finite
};

}  // namespace blasnet
