// The caller's control over a plan: how many threads it may use, their priority, and whether it must stop.
// binding/operations.h sets them on the JavaScript thread; it sets the thread limit and the priority between
// operations only. All threads of an operation read them.
#pragma once

#include <atomic>
#include <cstddef>

#include "engine/job_threads.h"
#include "engine/pool.h"
#include "engine/priority.h"

namespace blasnet {

class Control {
 public:
  // Limits the threads of the next operations; 0: no limit except the pool's.
  void LimitThreads(size_t threads) { limit_ = threads; }
  size_t ThreadLimit() const { return limit_; }
  size_t Threads() const { return EffectiveThreads(limit_); }

  // The priority of the next operations that run on job threads. One that runs on the JavaScript thread has
  // that thread's.
  void SetPriority(Priority priority) { priority_ = priority; }
  Priority JobPriority() const { return priority_; }

  // Makes the running operation and all later ones end early, until ClearStop is called. Training never
  // leaves a step half done.
  void Stop() { stop_.store(true, std::memory_order_relaxed); }
  void ClearStop() { stop_.store(false, std::memory_order_relaxed); }
  bool Stopped() const { return stop_.load(std::memory_order_relaxed) || ProcessEnds(); }

 private:
  size_t limit_ = 0;
  Priority priority_ = Priority::kNormal;
  std::atomic<bool> stop_{false};
};

}  // namespace blasnet
