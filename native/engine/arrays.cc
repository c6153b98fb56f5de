#include "engine/arrays.h"

#include <algorithm>
#include <atomic>

#include "engine/pool.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// Elements that a thread takes at a time.
constexpr size_t kPiece = size_t{1} << 16;

// Calls body(first, count) for all pieces. Ends early after a stop.
template <class F>
Outcome InPieces(size_t size, const Control& control, const F& body) {
  ParallelFor(control.Threads(), (size + kPiece - 1) / kPiece, [&](size_t i, size_t) {
    if (!control.Stopped()) body(i * kPiece, std::min(kPiece, size - i * kPiece));
  });
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

}  // namespace

template <typename T>
Outcome FillArray(double value, size_t size, T* out, const Control& control) {
  return InPieces(size, control, [&](size_t first, size_t count) {
    std::fill_n(out + first, count, static_cast<T>(value));
  });
}

template <typename From, typename To>
Outcome CopyArray(const From* from, size_t size, To* out, const Control& control) {
  return InPieces(size, control, [&](size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) out[i] = static_cast<To>(from[i]);
  });
}

template <typename T>
Outcome FindNonFinite(const T* data, size_t size, const Control& control) {
  std::atomic<size_t> bad{size};
  Outcome outcome = InPieces(size, control, [&](size_t first, size_t count) {
    if (first >= bad.load()) return;
    const size_t found = FirstNonFinite(data + first, count);
    if (found == count) return;
    size_t least = bad.load();
    while (first + found < least && !bad.compare_exchange_weak(least, first + found)) {
    }
  });
  outcome.index = bad.load();
  return outcome;
}

#define BLASNET_INSTANTIATE(T)                                                      \
  template Outcome FillArray<T>(double, size_t, T*, const Control&);                \
  template Outcome CopyArray<double, T>(const double*, size_t, T*, const Control&); \
  template Outcome CopyArray<float, T>(const float*, size_t, T*, const Control&);   \
  template Outcome FindNonFinite<T>(const T*, size_t, const Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
