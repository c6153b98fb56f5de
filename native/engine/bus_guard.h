// Keeps the process alive when a mapped file loses bytes. A read of a page that the file no longer has, or
// that the disk does not give, raises SIGBUS, which ends a process. While there is a guard, the handler of
// this file puts zeros in place of the page and of all that follow it, and marks the guard. Whoever reads the
// memory looks at the mark afterwards.
//
// The handler stays when the last guard has gone, and takes its place again if another one came later. It
// hands on all signals that are not from guarded memory to the handler before it. Windows has no such signal,
// and refuses to shorten a mapped file.
#pragma once

#include <cstddef>

namespace blasnet {

struct GuardedRange;

class BusGuard {
 public:
  // Guards mapped memory, from one page to another, until the guard is destroyed, which must come before the
  // memory is unmapped. Throws std::bad_alloc.
  BusGuard(void* start, size_t size);
  ~BusGuard();
  BusGuard(const BusGuard&) = delete;
  BusGuard& operator=(const BusGuard&) = delete;

  // Whether zeros stand in place of a part of the memory.
  bool Broken() const;

  // Puts the handler back if another one has taken its place, such as that of process.on('SIGBUS'). Called
  // before guarded memory is read.
  static void Renew();

 private:
  GuardedRange* range_ = nullptr;
};

}  // namespace blasnet
