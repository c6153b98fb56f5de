// Sums of many parts by halves: the number of roundings grows with the logarithm of the parts, not with their
// number (Higham, 1993). Which parts are added depends on their number alone.
#pragma once

#include <cstddef>
#include <vector>

namespace blasnet {

inline constexpr size_t kMostInTurn = 32;  // parts that are added one after another

// Memory for the sums of later halves.
template <typename T>
using Halves = std::vector<std::vector<T>>;

// Calls add(part, accumulate, out) for parts first .. end; it adds a part to the sums `out`, or overwrites
// them. Calls join(out, sums), which adds the sums of a later half (size) to `out`.
template <typename T, class Add, class Join>
void SumByHalves(size_t first, size_t end, bool accumulate, T* out, size_t size, Halves<T>* halves,
                 const Add& add, const Join& join, size_t depth = 0) {
  if (end - first <= kMostInTurn) {
    for (size_t part = first; part < end; part++) add(part, accumulate || part > first, out);
    return;
  }
  const size_t middle = first + (end - first) / 2;
  SumByHalves(first, middle, accumulate, out, size, halves, add, join, depth);
  if (halves->size() <= depth) halves->emplace_back(size);
  T* later = (*halves)[depth].data();
  SumByHalves(middle, end, false, later, size, halves, add, join, depth + 1);
  join(out, later);
}

}  // namespace blasnet
