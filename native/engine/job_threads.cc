#include "engine/job_threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

namespace blasnet {
namespace {

constexpr auto kLongestSleep = std::chrono::seconds(10);

// On the stack of a sleeping thread. The list needs no memory of its own, which could be short.
struct Sleeper {
  std::condition_variable woken;
  std::function<void()> job;  // set by the thread that takes the sleeper off the list
  Sleeper* next = nullptr;
};

struct JobThreads {
  std::mutex mutex;
  Sleeper* sleepers = nullptr;   // the first one fell asleep last
  size_t running = 0;            // running jobs
  std::condition_variable idle;  // the last running job has ended
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
    self.next = std::exchange(threads.sleepers, &self);
    const bool woken = self.woken.wait_for(lock, kLongestSleep, [&] { return self.job != nullptr; });
    if (!woken) {
      Sleeper** at = &threads.sleepers;
      while (*at != &self) at = &(*at)->next;
      *at = self.next;
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
    if (threads.sleepers != nullptr) {
      Sleeper* sleeper = threads.sleepers;
      threads.sleepers = sleeper->next;
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
