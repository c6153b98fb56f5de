// The caller's control over a plan: how many threads it may use, their priority, which mapped files it reads,
// and whether it must stop. binding/operations.h sets them on the JavaScript thread; all but the stop it sets
// between operations only. All threads of an operation read them.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "engine/file_map.h"
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

  // The mapped files that the next operation reads; none: it reads memory alone.
  void Watch(FileMaps maps) { maps_ = std::move(maps); }
  // The first of them that has lost bytes; null if none has. Then zeros stand in for what was lost, and
  // nothing that was computed from it may stay.
  const FileMap* LostInput() const {
    for (const auto& map : maps_) {
      if (map->Lost()) return map.get();
    }
    return nullptr;
  }

 private:
  FileMaps maps_;
  size_t limit_ = 0;
  Priority priority_ = Priority::kNormal;
  std::atomic<bool> stop_{false};
};

}  // namespace blasnet
