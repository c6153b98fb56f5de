#include "engine/job_threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace blasnet {
namespace {

constexpr auto kLongestSleep = std::chrono::seconds(10);

struct Sleeper {
  std::condition_variable woken;
  std::function<void()> job;  // set by whoever takes the sleeper off the list
};

struct JobThreads {
  std::mutex mutex;
  std::vector<Sleeper*> sleepers;  // the one that fell asleep last is the last
  size_t running = 0;              // jobs
  std::condition_variable idle;    // no job runs any more
};

std::atomic<bool> process_ends{false};

[[maybe_unused]] void EndJobs();  // Windows has no use for it

// Never destroyed: a thread may still be asleep when the process ends.
JobThreads& Shared() {
  static JobThreads* threads = [] {
// Windows has killed every other thread by the time it calls such functions.
#ifndef _WIN32
    std::atexit(EndJobs);
#endif
    return new JobThreads;
  }();
  return *threads;
}

// process.exit() may come at any time, and then the libraries are torn down: a job inside OpenBLAS would find
// its buffers gone. This comes before, since libraries end after all that was registered while running.
void EndJobs() {
  process_ends.store(true, std::memory_order_relaxed);
  JobThreads& threads = Shared();
  std::unique_lock<std::mutex> lock(threads.mutex);
  threads.idle.wait(lock, [&] { return threads.running == 0; });
}

void Serve(std::function<void()> job) {
  JobThreads& threads = Shared();
  Sleeper self;
  for (;;) {
    job();
    job = nullptr;  // what it holds is released before the sleep
    std::unique_lock<std::mutex> lock(threads.mutex);
    if (--threads.running == 0) threads.idle.notify_all();
    threads.sleepers.push_back(&self);
    const bool woken = self.woken.wait_for(lock, kLongestSleep, [&] { return self.job != nullptr; });
    if (!woken) {
      for (size_t i = 0; i < threads.sleepers.size(); i++) {
        if (threads.sleepers[i] == &self) {
          threads.sleepers.erase(threads.sleepers.begin() + static_cast<std::ptrdiff_t>(i));
          break;
        }
      }
      return;
    }
    job = std::exchange(self.job, nullptr);
  }
}

}  // namespace

void RunJob(std::function<void()> job) {
  JobThreads& threads = Shared();
  {
    const std::lock_guard<std::mutex> lock(threads.mutex);
    threads.running++;
    if (!threads.sleepers.empty()) {
      Sleeper* sleeper = threads.sleepers.back();
      threads.sleepers.pop_back();
      sleeper->job = std::move(job);
      sleeper->woken.notify_one();
      return;
    }
  }
  try {
    std::thread(Serve, std::move(job)).detach();
  } catch (...) {
    const std::lock_guard<std::mutex> lock(threads.mutex);
    threads.running--;
    throw;
  }
}

bool ProcessEnds() { return process_ends.load(std::memory_order_relaxed); }

}  // namespace blasnet
