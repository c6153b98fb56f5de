#include "kernels/blas_buffers.h"

#ifdef BLASNET_OPENBLAS

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>

#ifdef BLASNET_OPENBLAS_BUFFERS
// OpenBLAS exports these functions, but no header declares them. A freed buffer stays there for the next
// call.
extern "C" void* blas_memory_alloc(int purpose);
extern "C" void blas_memory_free(void* buffer);
#endif

namespace blasnet {
namespace {

// What other threads may take between the look and OpenBLAS's own request.
constexpr size_t kMargin = size_t{8} << 20;

struct Buffers {
  std::atomic<size_t> calls{0};    // that run, or look for a buffer
  std::atomic<size_t> most{0};     // calls that may run: `count`, or 0 while a thread makes a buffer
  std::atomic<size_t> waiting{0};  // threads in Wait
  std::mutex mutex;
  std::condition_variable changed;
  size_t count = 0;      // guarded by the mutex
  bool growing = false;  // also guarded
};

// Never destroyed: other threads may still compute when the process ends.
Buffers& Shared() {
  static Buffers* buffers = new Buffers;
  return *buffers;
}

// Whether the system gives a buffer's memory now.
bool HasRoom() {
  // Volatile, so that the compiler does not leave out the request.
  void* volatile memory = std::malloc(kBlasBuffer + kMargin);
  if (memory == nullptr) return false;
  std::free(memory);
  return true;
}

// Makes OpenBLAS have one more buffer than `count`. Meanwhile no call runs. Returns false if memory is short.
bool Grow([[maybe_unused]] size_t count) {
  if (!HasRoom()) return false;
#ifdef BLASNET_OPENBLAS_BUFFERS
  constexpr size_t kMost = 64;  // with more calls at once, OpenBLAS makes the buffer at the call
  if (count >= kMost) return true;
  void* taken[kMost];
  for (size_t i = 0; i <= count; i++) taken[i] = blas_memory_alloc(0);
  for (size_t i = 0; i <= count; i++) blas_memory_free(taken[i]);
#endif
  return true;
}

void Leave(Buffers* buffers) {
  buffers->calls.fetch_sub(1);
  if (buffers->waiting.load() == 0) return;
  const std::lock_guard<std::mutex> lock(buffers->mutex);
  buffers->changed.notify_all();
}

// Waits until another call may begin.
void Wait(Buffers* buffers) {
  std::unique_lock<std::mutex> lock(buffers->mutex);
  buffers->waiting.fetch_add(1);
  buffers->changed.wait(lock, [&] { return !buffers->growing; });
  bool short_of_memory = false;
  if (buffers->calls.load() >= buffers->count) {
    buffers->growing = true;
    buffers->most.store(0);
    buffers->changed.wait(lock, [&] { return buffers->calls.load() == 0; });
    if (Grow(buffers->count)) {
      buffers->count++;
    } else {
      short_of_memory = buffers->count == 0;
    }
    buffers->most.store(buffers->count);
    buffers->growing = false;
    buffers->changed.notify_all();
  }
  buffers->waiting.fetch_sub(1);
  if (short_of_memory) throw std::bad_alloc();
}

}  // namespace

BlasCall::BlasCall() {
  Buffers& buffers = Shared();
  while (buffers.calls.fetch_add(1) >= buffers.most.load()) {
    Leave(&buffers);
    Wait(&buffers);
  }
}

BlasCall::~BlasCall() { Leave(&Shared()); }

}  // namespace blasnet

#else

namespace blasnet {

BlasCall::BlasCall() {}
BlasCall::~BlasCall() {}

}  // namespace blasnet

#endif
