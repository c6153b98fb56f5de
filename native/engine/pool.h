// The pool: threads of the process, which all plans share. Operation threads call ParallelFor.
// Workers of the caller's priority help them with their loops, and sleep when there is no loop. An iteration
// must compute equal values on every thread; then no result depends on the number of threads. The JavaScript
// thread calls SetThreads.
#pragma once

#include <cstddef>

#include "engine/function_ref.h"

namespace blasnet {

// With fewer floating-point operations, waking a thread costs more time than it saves.
inline constexpr size_t kParallelWork = 400'000;

// Sets how many threads, callers included, may work on loops at once; at least 1. A caller always works on
// its own loop, even if there are more callers than threads. A worker stays with a loop until it ends. The
// setting takes effect with the next loop. Loops of low priority get the threads that all others leave; those
// of normal priority do not count them. Before the first call, Threads() is 0 and loops run on the caller
// alone.
void SetThreads(size_t threads);
size_t Threads();

using LoopBody = FunctionRef<size_t, size_t>;

// Calls body(i, slot) for every i below `count` and returns when all calls have returned. Uses up to
// `threads` threads, the caller included; 0: the number of SetThreads, which is the upper limit in any case.
// Iterations that run at the same time have different slots, all below the number of threads. If a call
// throws an exception, some calls may be left out, and ParallelFor throws it again at the end.
void ParallelFor(size_t threads, size_t count, const LoopBody& body);

// The most threads that ParallelFor uses for this argument.
size_t EffectiveThreads(size_t threads);

}  // namespace blasnet
