#include "engine/bus_guard.h"

#ifdef _WIN32

namespace blasnet {

BusGuard::BusGuard(void*, size_t) {}
BusGuard::~BusGuard() = default;
bool BusGuard::Broken() const { return false; }
void BusGuard::Renew() {}

}  // namespace blasnet

#else

#include <dlfcn.h>
#include <pthread.h>
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

// A handler that had the place before this file's. Never freed, since a signal may read it at any time.
struct Before {
  struct sigaction action{};
  const Before* older = nullptr;
};
std::atomic<const Before*> before{nullptr};

// The handler that a signal is handed on to, and the thread that does so. That handler may hand on to this
// file's, which it found in its place: then the older one is next.
std::atomic<const Before*> called{nullptr};
std::atomic<uintptr_t> calling_thread{0};

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

void CallBefore(int signal, siginfo_t* info, void* context) {
  const auto self = (uintptr_t)pthread_self();  // NOLINT: a number or a pointer, by the system
  const Before* const outer = calling_thread.load() == self ? called.load() : nullptr;
  const Before* const next = outer == nullptr ? before.load() : outer->older;
  called.store(next);
  calling_thread.store(self);
  const auto handler = next == nullptr ? SIG_DFL : next->action.sa_handler;
  if (next != nullptr && (next->action.sa_flags & SA_SIGINFO) != 0) {
    next->action.sa_sigaction(signal, info, context);
  } else if (handler != SIG_DFL && handler != SIG_IGN) {
    handler(signal);
  } else if (handler == SIG_DFL || !IsSent(*info)) {
    // Ends the process, as it would have without this handler: the read is tried again, or the signal comes
    // again.
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action, nullptr);
    if (IsSent(*info)) raise(signal);
  }
  called.store(outer);
  if (outer == nullptr) calling_thread.store(0);
}

void OnBusError(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  const bool mended = !IsSent(*info) && PutZeros(reinterpret_cast<uintptr_t>(info->si_addr));
  if (!mended) CallBefore(signal, info, context);
  errno = error;
}

// Under the lock.
void InstallHandler() {
  struct sigaction now{};
  sigaction(SIGBUS, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == OnBusError) return;
#ifndef __linux__
  // Linux keeps the addon for good (CMakeLists.txt). Elsewhere it would go with the last thread that uses it.
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&OnBusError), &self) != 0)
    dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
#endif
  page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  // One that is known takes its old place, so that two that replace each other in turn need no memory.
  const Before* known = before.load();
  while (known != nullptr && known->action.sa_handler != now.sa_handler) known = known->older;
  // Written first: the handler could be called before sigaction returns.
  before.store(known != nullptr ? known : new Before{now, before.load()});
  struct sigaction action{};
  action.sa_sigaction = OnBusError;
  action.sa_mask = now.sa_mask;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction(SIGBUS, &action, nullptr);
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

void BusGuard::Renew() {
  const std::lock_guard<std::mutex> lock(Lock());
  InstallHandler();
}

}  // namespace blasnet

#endif
