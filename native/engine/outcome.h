// How an operation of a plan ended. The plan returns an Outcome on the operation thread, and binding/plan.cc
// passes it to JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// Why the operation returned. The addon exports these numbers by name, and lib/addon/outcome.ts reads them.
enum class Status : int32_t {
  kDone = 0,
  kStopped = 1,          // the stop flag was set; only whole steps were taken
  kInputNotFinite = 2,   // index: that element of X
  kLabelOutside = 3,     // index: that element of Y, or of the numbers that are checked
  kDiverged = 4,         // epoch, batch, layer: where the loss is not finite; that step was not taken
  kOverflowed = 5,       // epoch, index: that parameter is not finite after that epoch
  kConverged = 6,        // epoch: L-BFGS has converged
  kCodeOutside = 7,      // index: that element of the codes
  kCategoryUnknown = 8,  // index: that element of a pipeline step's input
  kNoClass = 9,          // index: that row of labels, of which none is above 0
  kTextWrong = 10,       // see TextReader::Fault
};
inline constexpr const char* kStatusNames[] = {
    "done",      "stopped",     "inputNotFinite",  "labelOutside", "diverged", "overflowed",
    "converged", "codeOutside", "categoryUnknown", "noClass",      "textWrong"};

struct Outcome {
  Status status = Status::kDone;
  size_t index = 0;
  size_t epoch = 0;  // the number of finished epochs, or the one (from 0) with the fault
  size_t batch = 0;  // the number of the epoch's batches in steps taken, or the one (from 0) that diverged
  size_t layer = 0;  // the first layer (from 1) whose activations are not finite
};

}  // namespace blasnet
