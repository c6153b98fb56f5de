// The process's worker threads, shared by every plan: they help whoever has a loop to run and sleep when
// there is none. What a loop computes must not depend on who runs which iteration, and then no result
// depends on the number of threads.
#pragma once

#include <cstddef>
#include <functional>

namespace blasnet {

// Floating-point operations below which waking a thread costs more than it does.
inline constexpr size_t kParallelWork = 400'000;

// How many threads may work on loops at once, over all loops and their callers included; at least 1. Callers
// always work themselves, so that of more callers each works alone; and who has joined a loop stays to its
// end. Takes effect with the next loop. Threads() is 0 until it was called once, and loops then run on the
// caller's thread alone.
void SetThreads(size_t threads);
size_t Threads();

// Calls body(i, slot) for every i below `count`, on up to `threads` threads (0: as many as SetThreads
// allows, which is the most anyway) of which this is one, and returns when all calls have. Iterations that
// run at the same time have different slots, all below the number of threads. A call may throw std::bad_alloc
// and nothing else; that is thrown again here, once all are done, and of calls not yet begun some are left
// out.
void ParallelFor(size_t threads, size_t count, const std::function<void(size_t i, size_t slot)>& body);

// The number of threads that ParallelFor will use.
size_t EffectiveThreads(size_t threads);

}  // namespace blasnet
