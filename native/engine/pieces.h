// Loops over pieces of arrays. Pieces are cut by sizes alone, so no result depends on the number of threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/pool.h"

namespace blasnet {

// Calls body(first, last, slot) for all pieces of the numbers from 0 to `size`. Ends early after a stop.
template <class F>
void ForPieces(size_t threads, size_t size, size_t piece, const Control& control, const F& body) {
  ParallelFor(threads, (size + piece - 1) / piece, [&](size_t i, size_t slot) {
    if (control.Stopped()) return;
    body(i * piece, std::min(size, (i + 1) * piece), slot);
  });
}

inline Outcome Done(const Control& control) { return {control.Stopped() ? Status::kStopped : Status::kDone}; }

// Lowers `least` to `index`, if that is lower.
inline void Lower(std::atomic<size_t>* least, size_t index) {
  size_t now = least->load();
  while (index < now && !least->compare_exchange_weak(now, index)) {
  }
}

}  // namespace blasnet
