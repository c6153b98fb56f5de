// The priority of a thread. Work of low priority, such as training beside predictions, has threads of its
// own: job threads and workers of the pool. On Linux a thread cannot raise its priority again.
//
// A thread of normal priority must not wait for one of low priority, which may not run for a long time while
// others compute. Therefore the two kinds share no mutex that is often held; only a job thread that has
// nothing else to do waits for a low one (RunAtLowPriority in job_threads.h).
#pragma once

namespace blasnet {

enum class Priority { kNormal, kLow };

// The priority of this thread, as far as LowerThisThread has set it.
Priority ThisThreadsPriority();

// Gives this thread the lowest priority of the system, for good. Throws std::system_error if the system
// refuses.
void LowerThisThread();

}  // namespace blasnet
