#include "engine/job_threads.h"

#include <chrono>
#include <condition_variable>
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
};

// Never destroyed: a thread may still be asleep when the process ends.
JobThreads& Shared() {
  static JobThreads* threads = new JobThreads;
  return *threads;
}

void Serve(std::function<void()> job) {
  JobThreads& threads = Shared();
  Sleeper self;
  for (;;) {
    job();
    job = nullptr;  // what it holds is released before the sleep
    std::unique_lock<std::mutex> lock(threads.mutex);
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
    if (!threads.sleepers.empty()) {
      Sleeper* sleeper = threads.sleepers.back();
      threads.sleepers.pop_back();
      sleeper->job = std::move(job);
      sleeper->woken.notify_one();
      return;
    }
  }
  std::thread(Serve, std::move(job)).detach();
}

}  // namespace blasnet
