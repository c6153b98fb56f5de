#include "engine/pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/caught_exception.h"
#include "engine/priority.h"
#include "engine/processors.h"
#include "engine/timeline.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace blasnet {
namespace {

// A waiting thread spins for this long before it sleeps. A worker that spins takes time from others, so it
// spins about as long as a step's serial parts and a wake-up take. A caller waits for iterations that run.
constexpr auto kWorkerSpin = std::chrono::microseconds(50);
constexpr auto kCallerSpin = std::chrono::microseconds(200);

std::atomic<size_t> budget{0};  // of SetThreads

void Pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Spins until done(), for `most` at most. Returns done().
template <class F>
bool SpinUntil(std::chrono::microseconds most, const F& done) {
  const auto end = std::chrono::steady_clock::now() + most;
  do {
    for (int i = 0; i < 32; i++) {
      if (done()) return true;
      Pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

// One call of ParallelFor, on the caller's stack. Its iterations are split into segments (not those of
// tile.h), one per thread. A thread runs its own segment, then helps with the others. So each thread touches
// the same part of memory in successive loops, and finds it in its cache.
struct Loop {
  static constexpr size_t kMostSegments = 16;

  Loop(const LoopBody& loop_body, size_t iterations, size_t threads)
      : body(&loop_body), count(iterations), segments(std::min(threads, kMostSegments)) {
    helpers_wanted = threads - 1;
    for (size_t s = 0; s < segments; s++) next[s].store(Start(s), std::memory_order_relaxed);
  }

  const LoopBody* body;
  const size_t count;
  const size_t segments;
  size_t helpers_wanted;                    // guarded by the pool's mutex
  int processor = -1;                       // also guarded: the caller's
  size_t helpers = 0;                       // also guarded: helpers that have joined; gives each one its slot
  std::atomic<size_t> next[kMostSegments];  // the next iteration of each segment
  std::atomic<size_t> active{0};            // helpers that are working
  std::atomic<bool> failed{false};
  CaughtException failure;  // of the first call that failed

  size_t Start(size_t segment) const { return count * segment / segments; }

  void Run(size_t slot) {
    try {
      for (size_t k = 0; k < segments; k++) {
        const size_t segment = (slot + k) % segments, end = Start(segment + 1);
        for (size_t i = next[segment].fetch_add(1); i < end; i = next[segment].fetch_add(1)) {
          (*body)(i, slot);
        }
      }
    } catch (...) {
      for (size_t segment = 0; segment < segments; segment++) next[segment].store(count);
      if (!failed.exchange(true)) failure.Catch();
    }
  }
};

// The workers of one priority, and the loops that they help with. The pool of low priority uses the threads
// that the other one leaves. It only reads a number of that one, which knows nothing of it.
class Pool {
 public:
  Pool(Priority priority, const Pool* first) : priority_(priority), first_(first) {}

  void Run(Loop* loop) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      // The loop gets the threads that other loops leave.
      busy_++;
      const size_t busy = Busy(), most = Threads();
      loop->helpers_wanted = std::min(loop->helpers_wanted, most > busy ? most - busy : 0);
      if (loop->helpers_wanted > 0) Open(loop, most - 1);
    }
    {
      const Span span("wake");
      for (size_t i = std::min(loop->helpers_wanted, sleeping_.load()); i > 0; i--) wake_.notify_one();
    }
    loop->Run(0);
    {
      // After this no helper can join.
      const std::lock_guard<std::mutex> lock(mutex_);
      Close(loop);
      busy_--;
      if (!open_.empty()) wake_.notify_one();  // one more helper may work now
    }
    const Span span("wait");
    const auto done = [loop] { return loop->active.load() == 0; };
    if (SpinUntil(kCallerSpin, done)) return;
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, done);
  }

 private:
  // The caller of these functions holds the mutex.

  // If memory is short, the loop runs on the caller alone.
  void Open(Loop* loop, size_t most_workers) {
    loop->processor = ThisProcessor();
    try {
      open_.push_back(loop);
    } catch (const std::bad_alloc&) {
      loop->helpers_wanted = 0;
      return;
    }
    open_count_.store(open_.size());
    StartWorkers(most_workers);
  }

  // Starts workers until there is one for every working helper and every free place in the open loops.
  void StartWorkers(size_t most) {
    size_t wanted = helping_;
    for (const Loop* loop : open_) wanted += loop->helpers_wanted - loop->helpers;
    while (workers_ < std::min(wanted, most)) {
      try {
        std::thread(&Pool::Serve, this).detach();
      } catch (const std::exception&) {
        return;  // no more threads or memory from the system: the loop runs on fewer
      }
      workers_++;
    }
  }

  // The threads that work on loops, as far as they count here.
  size_t Busy() const { return busy_.load() + (first_ == nullptr ? 0 : first_->busy_.load()); }

  void Close(Loop* loop) {
    const auto at = std::find(open_.begin(), open_.end(), loop);
    if (at != open_.end()) open_.erase(at);
    open_count_.store(open_.size());
  }

  // The loop that a worker may join now, if there is one.
  Loop* Find() const {
    // Later callers work, too, and may have used up the budget.
    return open_.empty() || Busy() >= Threads() ? nullptr : open_.front();
  }

  // Returns the helper's slot.
  size_t Join(Loop* loop) {
    loop->active.fetch_add(1);
    helping_++;
    busy_++;
    const size_t slot = ++loop->helpers;
    if (loop->helpers == loop->helpers_wanted) Close(loop);
    return slot;
  }

  // Gives this worker the pool's priority. If the system refuses, the loops run on fewer threads.
  bool Lowered() {
    try {
      if (priority_ == Priority::kLow) LowerThisThread();
      return true;
    } catch (const std::system_error&) {
      const std::lock_guard<std::mutex> lock(mutex_);
      workers_--;
      return false;
    }
  }

  void Sleep(std::unique_lock<std::mutex>* lock) {
    const Span span("sleep");
    sleeping_.fetch_add(1);
    wake_.wait(*lock);
    sleeping_.fetch_sub(1);
  }

  void Serve() {
    if (!Lowered()) return;
    for (;;) {
      SpinUntil(kWorkerSpin, [this] { return open_count_.load(std::memory_order_relaxed) > 0; });
      std::unique_lock<std::mutex> lock(mutex_);
      Loop* loop = Find();
      for (bool stepped_aside = false;; loop = Find()) {
        if (loop == nullptr) {
          Sleep(&lock);
          stepped_aside = false;
        } else if (!stepped_aside && loop->processor >= 0 && loop->processor == ThisProcessor()) {
          // Not after it has joined: the loop's end would wait for it.
          const int processor = loop->processor;
          lock.unlock();
          {
            const Span span("step aside");
            LeaveProcessor(processor);
          }
          lock.lock();
          stepped_aside = true;
        } else {
          break;
        }
      }
      const size_t slot = Join(loop);
      lock.unlock();
      loop->Run(slot);
      // The caller may destroy the loop as soon as `active` is 0.
      lock.lock();
      helping_--;
      busy_--;
      loop->active.fetch_sub(1);
      lock.unlock();
      finished_.notify_all();
    }
  }

  const Priority priority_;
  const Pool* const first_;  // the pool whose loops come first, if there is one

  std::mutex mutex_;
  std::condition_variable wake_;      // a loop wants helpers
  std::condition_variable finished_;  // a helper has left a loop
  std::vector<Loop*> open_;           // loops that want more helpers, the oldest first
  std::atomic<size_t> open_count_{0};
  std::atomic<size_t> sleeping_{0};
  size_t workers_ = 0;
  size_t helping_ = 0;           // workers that are working
  std::atomic<size_t> busy_{0};  // these, and the threads in Run
};

// Never destroyed: workers may still be asleep when the process ends.
Pool& Normal() {
  static Pool* pool = new Pool(Priority::kNormal, nullptr);
  return *pool;
}

Pool& Low() {
  static Pool* pool = new Pool(Priority::kLow, &Normal());
  return *pool;
}

}  // namespace

void SetThreads(size_t threads) { budget.store(threads); }
size_t Threads() { return budget.load(); }

size_t EffectiveThreads(size_t threads) {
  const size_t most = std::max<size_t>(Threads(), 1);
  return threads == 0 ? most : std::min(threads, most);
}

void ParallelFor(size_t threads, size_t count, const LoopBody& body) {
  const size_t most = std::min(EffectiveThreads(threads), count);
  if (most <= 1) {
    for (size_t i = 0; i < count; i++) body(i, 0);
    return;
  }
  Loop loop(body, count, most);
  (ThisThreadsPriority() == Priority::kLow ? Low() : Normal()).Run(&loop);
  if (loop.failed) loop.failure.Throw();
}

}  // namespace blasnet
