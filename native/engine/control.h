// What the caller may set while an operation of a plan runs: how many threads it may use, and that it must
// stop.
#pragma once

#include <atomic>
#include <cstddef>

#include "engine/job_threads.h"
#include "engine/pool.h"

namespace blasnet {

class Control {
 public:
  // How many threads the next operations may use; 0: as many as the pool allows.
  void LimitThreads(size_t threads) { limit_ = threads; }
  size_t ThreadLimit() const { return limit_; }
  size_t Threads() const { return EffectiveThreads(limit_); }

  // Makes the operation that is running on another thread, or the next one, return between two steps.
  void Stop() { stop_.store(true, std::memory_order_relaxed); }
  void ClearStop() { stop_.store(false, std::memory_order_relaxed); }
  bool Stopped() const { return stop_.load(std::memory_order_relaxed) || ProcessEnds(); }

 private:
  size_t limit_ = 0;
  std::atomic<bool> stop_{false};
};

}  // namespace blasnet
