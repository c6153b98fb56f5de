#include "engine/job_threads.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "engine/priority.h"

namespace blasnet {
namespace {

constexpr auto kLongestSleep = std::chrono::seconds(10);

// On the stack of a sleeping thread. The list needs no memory of its own, which could be short.
struct Sleeper {
  std::condition_variable woken;
  std::function<void()> job;  // set by the thread that takes the sleeper off the list
  Sleeper* next = nullptr;
};

// Threads that run jobs. Each priority has its own, with a mutex of its own.
class Threads {
 public:
  void Run(std::function<void()> job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      running_++;
      if (sleepers_ != nullptr) {
        Sleeper* sleeper = sleepers_;
        sleepers_ = sleeper->next;
        sleeper->job = std::move(job);
        sleeper->woken.notify_one();
        return;
      }
    }
    try {
      std::thread(&Threads::Serve, this, std::move(job)).detach();
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      running_--;
      throw;
    }
  }

  void WaitUntilIdle() {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_.wait(lock, [&] { return running_ == 0; });
  }

 private:
  void Serve(std::function<void()> job) {
    Sleeper self;
    for (;;) {
      job();
      job = nullptr;  // release its captures before the sleep
      std::unique_lock<std::mutex> lock(mutex_);
      if (--running_ == 0) idle_.notify_all();
      self.next = std::exchange(sleepers_, &self);
      const bool woken = self.woken.wait_for(lock, kLongestSleep, [&] { return self.job != nullptr; });
      if (!woken) {
        Sleeper** at = &sleepers_;
        while (*at != &self) at = &(*at)->next;
        *at = self.next;
        return;
      }
      job = std::exchange(self.job, nullptr);
    }
  }

  std::mutex mutex_;
  Sleeper* sleepers_ = nullptr;   // the first one fell asleep last
  size_t running_ = 0;            // running jobs
  std::condition_variable idle_;  // the last running job has ended
};

std::atomic<bool> process_ends{false};

[[maybe_unused]] void EndJobs();  // unused on Windows

// Never destroyed: a thread may still be asleep when the process ends.
Threads& Shared() {
  static Threads* threads = [] {
// On Windows, every other thread is already dead when atexit functions run.
#ifndef _WIN32
    std::atexit(EndJobs);
#endif
    return new Threads;
  }();
  return *threads;
}

// Only jobs use these threads, and wait for them: what ends the jobs ends their parts.
Threads& SharedLow() {
  static Threads* threads = new Threads;
  return *threads;
}

// process.exit() may come at any time and tears down the libraries: a job inside OpenBLAS would use freed
// buffers. EndJobs runs before that, because it was registered at run time.
void EndJobs() {
  process_ends.store(true, std::memory_order_relaxed);
  Shared().WaitUntilIdle();
}

}  // namespace

void RunJob(std::function<void()> job) { Shared().Run(std::move(job)); }

void RunAtLowPriority(const std::function<void()>& part) {
  std::mutex mutex;
  std::condition_variable ended;
  bool running = true;
  std::error_code refused;
  SharedLow().Run([&] {
    try {
      LowerThisThread();
      part();
    } catch (const std::system_error& error) {
      refused = error.code();
    }
    // Under the lock, because the waiting thread destroys the condition variable.
    const std::lock_guard<std::mutex> lock(mutex);
    running = false;
    ended.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  ended.wait(lock, [&] { return !running; });
  if (refused) throw std::system_error(refused);
}

bool ProcessEnds() { return process_ends.load(std::memory_order_relaxed); }

}  // namespace blasnet
