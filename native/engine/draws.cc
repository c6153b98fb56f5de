#include "engine/draws.h"

#include <algorithm>

namespace blasnet {
namespace {

// Numbers between two looks at the stop flag.
constexpr size_t kPiece = size_t{1} << 18;

Twister Continue(const uint32_t* state) { return {state, state[Twister::kWords]}; }

void Save(const Twister& twister, uint32_t* state) {
  state[Twister::kWords] = static_cast<uint32_t>(twister.Save(state));
}

// Calls fill(first, size) for all pieces of `size` numbers. Returns whether it reached the end.
template <class F>
bool InPieces(size_t size, const Control& control, const F& fill) {
  for (size_t first = 0; first < size; first += kPiece) {
    if (control.Stopped()) return false;
    fill(first, std::min(kPiece, size - first));
  }
  return true;
}

bool DrawOrder(Twister* twister, const uint32_t* from, size_t size, size_t count, uint32_t* order,
               const Control& control) {
  const bool begun = InPieces(size, control, [&](size_t first, size_t part) {
    if (from == nullptr) {
      for (size_t i = first; i < first + part; i++) order[i] = static_cast<uint32_t>(i);
    } else if (from != order) {
      std::copy_n(from + first, part, order + first);
    }
  });
  if (!begun) return false;
  for (size_t last = count; last > 1;) {
    if (control.Stopped()) return false;
    const size_t first = last > kPiece ? last - kPiece : 1;
    ShuffleDown(twister, order, first, last);
    last = first;
  }
  return true;
}

}  // namespace

Outcome DrawOrders(uint32_t* state, const uint32_t* from, size_t repeats, size_t size, size_t count,
                   uint32_t* orders, const Control& control) {
  Twister twister = Continue(state);
  for (size_t i = 0; i < repeats; i++) {
    if (!DrawOrder(&twister, from, size, count, orders + i * size, control)) return {Status::kStopped};
  }
  Save(twister, state);
  return {};
}

template <typename T>
Outcome DrawUniform(uint32_t* state, double low, double range, size_t size, T* out, const Control& control) {
  Twister twister = Continue(state);
  const bool done = InPieces(size, control, [&](size_t first, size_t part) {
    FillUniform(&twister, low, range, part, out + first);
  });
  if (!done) return {Status::kStopped};
  Save(twister, state);
  return {};
}

template <typename T>
Outcome DrawNormal(uint32_t* state, double* spare, double mean, double deviation, size_t size, T* out,
                   const Control& control) {
  Twister twister = Continue(state);
  double next = *spare;
  const bool done = InPieces(size, control, [&](size_t first, size_t part) {
    FillNormal(&twister, &next, mean, deviation, part, out + first);
  });
  if (!done) return {Status::kStopped};
  Save(twister, state);
  *spare = next;
  return {};
}

#define BLASNET_INSTANTIATE(T)                                                            \
  template Outcome DrawUniform<T>(uint32_t*, double, double, size_t, T*, const Control&); \
  template Outcome DrawNormal<T>(uint32_t*, double*, double, double, size_t, T*, const Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
