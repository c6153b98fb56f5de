#include "engine/priority.h"

#include <cerrno>
#include <system_error>

#if defined(_WIN32)
#include <windows.h>
#elif defined(__APPLE__)
#include <pthread.h>
#include <pthread/qos.h>
#else
#include <sys/resource.h>
#endif

namespace blasnet {
namespace {

thread_local Priority priority = Priority::kNormal;

// Returns 0, or the number of the system's error.
int Lower() {
#if defined(_WIN32)
  const bool done = SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_LOWEST) != 0;
  return done ? 0 : static_cast<int>(GetLastError());
#elif defined(__APPLE__)
  // Not QOS_CLASS_BACKGROUND, whose threads stay on the slow cores even if the others are idle.
  return pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0);
#else
  // On Linux, 0 stands for this thread, not for the process.
  return setpriority(PRIO_PROCESS, 0, 19) == 0 ? 0 : errno;
#endif
}

}  // namespace

Priority ThisThreadsPriority() { return priority; }

void LowerThisThread() {
  if (priority == Priority::kLow) return;
  const int error = Lower();
  if (error != 0) throw std::system_error(error, std::system_category());
  priority = Priority::kLow;
}

}  // namespace blasnet
