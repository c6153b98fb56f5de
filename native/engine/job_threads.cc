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
  std::function<void()> job;  // set by the thread that takes the sleeper off the list
};

struct JobThreads {
  std::mutex mutex;
  std::vector<Sleeper*> sleepers;  // the last one fell asleep last
  size_t running = 0;              // running jobs
  std::condition_variable idle;    // the last running job has ended
};

std::atomic<bool> process_ends{false};

[[maybe_unused]] void EndJobs();  // unused on Windows

// Never destroyed: a thread may still be asleep when the process ends.
JobThreads& Shared() {
  static JobThreads* threads = [] {
// On Windows, every other thread is already dead when atexit functions run.
#ifndef _WIN32
    std::atexit(EndJobs);
#endif
    return new JobThreads;
  }();
  return *threads;
}

// process.exit() may come at any time and tears down the libraries: a job inside OpenBLAS would use freed
// buffers. EndJobs runs before that, because it was registered at run time.
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
    job = nullptr;  // release its captures before the sleep
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
