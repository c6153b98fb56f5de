// Tests the thread pool without Node, under the thread sanitizer; pool.slow.test.mts compiles and runs this
// file. The program ends with status 0 and "ok", or prints the fault. If a thread is never woken, the program
// hangs until the alarm ends it.
#include "engine/pool.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/priority.h"

namespace {

using blasnet::ParallelFor;
using blasnet::SetThreads;

void Expect(bool holds, const char* what, size_t budget, size_t callers) {
  if (holds) return;
  std::printf("%s (budget %zu, callers %zu)\n", what, budget, callers);
  std::fflush(stdout);
  std::_Exit(1);
}

void OnThreads(size_t count, const std::function<void(size_t)>& body) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; i++) threads.emplace_back(body, i);
  for (std::thread& thread : threads) thread.join();
}

// Every iteration runs once, iterations at one time have different slots, and the budget limits the helpers.
// The sums are plain integers: if two threads shared one, the sanitizer would report it.
void Hammer(size_t budget, size_t callers, size_t limit) {
  SetThreads(budget);
  std::atomic<size_t> working{0}, most{0};
  OnThreads(callers, [&](size_t caller) {
    for (size_t round = 0; round < 200; round++) {
      const size_t count = (round * 7 + caller) % 23;
      std::vector<int> runs(count);
      std::vector<size_t> sums(blasnet::EffectiveThreads(limit));
      ParallelFor(limit, count, [&](size_t i, size_t slot) {
        const size_t now = working.fetch_add(1) + 1;
        for (size_t seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        Expect(slot < sums.size(), "a slot beyond the threads", budget, callers);
        runs[i]++;
        for (size_t k = 0; k < 50; k++) sums[slot] += i;
        working.fetch_sub(1);
      });
      size_t total = 0;
      for (size_t i = 0; i < count; i++) {
        Expect(runs[i] == 1, "an iteration was not run once", budget, callers);
        total += 50 * i;
      }
      for (size_t sum : sums) total -= sum;
      Expect(total == 0, "a slot's sum is lost", budget, callers);
    }
  });
  // A caller may arrive while a loop uses the whole budget.
  Expect(most.load() <= budget - 1 + callers, "more threads than the budget", budget, callers);
}

// `callers` loops of `threads` iterations each. No iteration ends before all have begun, so this needs
// callers * threads threads at one time.
void Meet(size_t callers, size_t threads) {
  SetThreads(callers * threads);
  for (size_t round = 0; round < 50; round++) {
    std::atomic<size_t> present{0};
    OnThreads(callers, [&](size_t) {
      ParallelFor(threads, threads, [&](size_t, size_t) {
        present.fetch_add(1);
        while (present.load() < callers * threads) std::this_thread::yield();
      });
    });
  }
}

// A loop of `threads` iterations that use the whole budget, each on a thread of its own, until `gate` is
// open.
void Fill(size_t threads, std::atomic<size_t>* present, std::mutex* gate) {
  ParallelFor(0, threads, [&](size_t, size_t) {
    present->fetch_add(1);
    const std::lock_guard<std::mutex> open(*gate);
  });
}

void WaitFor(const std::atomic<size_t>& present, size_t threads) {
  while (present.load() < threads) std::this_thread::yield();
}

// Threads of low priority that work on a loop are no reason for one of normal priority to have fewer: no
// iteration of the normal loop ends before all its threads have begun.
void KeepHelpers(size_t threads) {
  SetThreads(threads);
  std::atomic<size_t> present{0};
  std::mutex gate;
  std::unique_lock<std::mutex> closed(gate);
  std::thread low([&] {
    blasnet::LowerThisThread();
    Fill(threads, &present, &gate);
  });
  WaitFor(present, threads);
  for (size_t round = 0; round < 10; round++) {
    std::atomic<size_t> normal{0};
    ParallelFor(0, threads, [&](size_t, size_t) {
      normal.fetch_add(1);
      WaitFor(normal, threads);
    });
  }
  closed.unlock();
  low.join();
}

// A loop of low priority has no helpers while one of normal priority uses the whole budget.
void LeaveThreads(size_t threads) {
  SetThreads(threads);
  std::atomic<size_t> present{0};
  std::mutex gate;
  std::unique_lock<std::mutex> closed(gate);
  std::thread normal([&] { Fill(threads, &present, &gate); });
  WaitFor(present, threads);
  std::thread low([&] {
    blasnet::LowerThisThread();
    for (size_t round = 0; round < 10; round++) {
      ParallelFor(0, 2 * threads, [&](size_t, size_t slot) {
        Expect(slot == 0, "a helper beyond the threads that are left", threads, 2);
        // A helper would have time to join.
        for (size_t turn = 0; turn < 20; turn++) std::this_thread::yield();
      });
    }
  });
  low.join();
  closed.unlock();
  normal.join();
}

// The budget changes while loops of both priorities run.
void Change() {
  std::atomic<bool> done{false};
  std::thread changing([&] {
    for (size_t budget = 1; !done.load(); budget = budget % 9 + 1) SetThreads(budget);
  });
  OnThreads(4, [&](size_t caller) {
    if (caller % 2 == 1) blasnet::LowerThisThread();
    for (size_t round = 0; round < 500; round++) {
      std::vector<int> runs(17);
      ParallelFor(0, runs.size(), [&](size_t i, size_t) { runs[i]++; });
      for (int count : runs) Expect(count == 1, "an iteration was not run once", 0, 4);
    }
  });
  done.store(true);
  changing.join();
}

}  // namespace

int main() {
  alarm(60);
  for (size_t budget : {1, 8, 2, 3, 4}) {
    for (size_t callers : {1, 2, 3, 6}) {
      for (size_t limit : {0, 1, 2, 100}) Hammer(budget, callers, limit);
    }
  }
  for (size_t callers : {1, 2, 3}) {
    for (size_t threads : {1, 2, 4}) Meet(callers, threads);
  }
  for (size_t threads : {2, 3, 8}) {
    KeepHelpers(threads);
    LeaveThreads(threads);
  }
  Change();
  std::puts("ok");
  return 0;
}
