#include "engine/bus_guard.h"

#ifdef _WIN32

namespace blasnet {

BusGuard::BusGuard(void*, size_t) {}
BusGuard::~BusGuard() = default;
bool BusGuard::Broken() const { return false; }

}  // namespace blasnet

#else

#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

namespace blasnet {

// The handler reads these without a lock, so they are never freed, but used again. The thread whose read has
// failed holds the memory, so that its range does not change meanwhile; any other may.
struct GuardedRange {
  std::atomic<uint32_t> version{0};  // odd while start and end change
  std::atomic<uintptr_t> start{0};
  std::atomic<uintptr_t> end{0};  // 0: the range is free
  std::atomic<bool> broken{false};
  GuardedRange* next = nullptr;
};

namespace {

static_assert(std::atomic<uintptr_t>::is_always_lock_free && std::atomic<GuardedRange*>::is_always_lock_free,
              "a signal handler may use atomics without locks only");

std::mutex& Lock() {
  static std::mutex& lock = *new std::mutex;  // an object may be destroyed after all statics
  return lock;
}
std::atomic<GuardedRange*> ranges{nullptr};
uintptr_t page_size = 0;
struct sigaction previous{};

// Puts zeros in place of the page and of all behind it: a file that has lost a page has lost those, too, and
// so a file of many pages raises few signals. Returns whether the address is guarded. Calls nothing but mmap.
bool PutZeros(uintptr_t address) {
  for (GuardedRange* range = ranges.load(); range != nullptr; range = range->next) {
    const uint32_t version = range->version.load();
    const uintptr_t start = range->start.load(), end = range->end.load();
    if (version % 2 != 0 || address < start || address >= end || range->version.load() != version) continue;
    range->broken.store(true);
    const uintptr_t page = address / page_size * page_size;
    int flags = MAP_PRIVATE | MAP_ANON | MAP_FIXED;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE;
#endif
    void* const place = reinterpret_cast<void*>(page);
    return mmap(place, end - page, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED;
  }
  return false;
}

bool IsSent(const siginfo_t& info) {
  // By kill and its like, which state no address.
  return info.si_code <= 0 || info.si_code == SI_USER || info.si_code == SI_QUEUE;
}

void CallPrevious(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else if (previous.sa_handler == SIG_DFL || !IsSent(*info)) {
    // Ends the process, as it would have without this handler: the read is tried again, or the signal comes
    // again.
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    if (IsSent(*info)) raise(signal);
  }
}

void OnBusError(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool mended = !IsSent(*info) && PutZeros(reinterpret_cast<uintptr_t>(info->si_addr));
  if (!mended) CallPrevious(signal, info, context);
  errno = error;
}

// Once for the process. A second time, the handler before could be one that hands on to this one: a circle.
void InstallHandler() {
  static bool installed = false;
  if (installed) return;
#ifndef __linux__
  // Linux keeps the addon for good (CMakeLists.txt). Elsewhere it would go with the last thread that uses it.
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&OnBusError), &self) != 0)
    dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
#endif
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // Read first: the handler could be called before sigaction returns.
  sigaction(SIGBUS, nullptr, &previous);
  struct sigaction action{};
  action.sa_sigaction = OnBusError;
  action.sa_mask = previous.sa_mask;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  installed = sigaction(SIGBUS, &action, nullptr) == 0;
}

}  // namespace

BusGuard::BusGuard(void* start, size_t size) {
  const std::lock_guard<std::mutex> lock(Lock());
  InstallHandler();
  GuardedRange* range = ranges.load();
  while (range != nullptr && range->end.load() != 0) range = range->next;
  if (range == nullptr) {
    range = new GuardedRange;
    range->next = ranges.load();
    ranges.store(range);
  }
  range->version++;
  range->broken.store(false);
  range->start.store(reinterpret_cast<uintptr_t>(start));
  range->end.store(reinterpret_cast<uintptr_t>(start) + (size + page_size - 1) / page_size * page_size);
  range->version++;
  range_ = range;
}

BusGuard::~BusGuard() {
  const std::lock_guard<std::mutex> lock(Lock());
  range_->version++;
  range_->start.store(0);
  range_->end.store(0);
  range_->version++;
}

bool BusGuard::Broken() const { return range_->broken.load(); }

}  // namespace blasnet

#endif
