#include "engine/processors.h"

#if defined(__linux__)
#include <sched.h>
#endif

namespace blasnet {

#if defined(__linux__)

int ThisProcessor() { return sched_getcpu(); }

// With more processors than a cpu_set_t holds, the system refuses, and the thread stays.
void LeaveProcessor(int processor) {
  cpu_set_t all;
  if (processor < 0 || sched_getaffinity(0, sizeof all, &all) != 0) return;
  cpu_set_t others = all;
  CPU_CLR(static_cast<size_t>(processor), &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof all, &all);
}

#else

int ThisProcessor() { return -1; }

void LeaveProcessor(int) {}

#endif

}  // namespace blasnet
