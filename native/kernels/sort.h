// Sorts numbers by their bits (radix sort): a pass per byte that differs, so its time grows with the size
// alone.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace blasnet {

// A key whose order as an integer is the order of the numbers: -0 before 0, and NaN with a clear sign bit
// last.
inline uint64_t SortKey(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  // All bits of negative numbers, the sign bit of others. A compiler may turn a choice between two masks into
  // a branch, which random signs mispredict.
  return bits ^ ((uint64_t{0} - (bits >> 63)) | uint64_t{1} << 63);
}

// Sorts `items` (size) by key(item), ascending; equal keys keep their order. `scratch` has the same size.
template <class Item, class Key>
void RadixSort(Item* items, Item* scratch, size_t size, const Key& key) {
  constexpr size_t kDigits = 8, kValues = 256;
  constexpr size_t kSmall = 256;  // with fewer, counting the digits takes longer than comparisons
  if (size < kSmall) {
    std::stable_sort(items, items + size, [&](const Item& a, const Item& b) { return key(a) < key(b); });
    return;
  }
  std::array<std::array<size_t, kValues>, kDigits> counts{};
  for (size_t i = 0; i < size; i++) {
    const uint64_t bits = key(items[i]);
    for (size_t digit = 0; digit < kDigits; digit++) counts[digit][(bits >> (8 * digit)) & 0xff]++;
  }
  Item *from = items, *to = scratch;
  for (size_t digit = 0; digit < kDigits; digit++) {
    std::array<size_t, kValues>& count = counts[digit];
    // Nothing moves if all items have the same digit.
    if (count[(key(from[0]) >> (8 * digit)) & 0xff] == size) continue;
    size_t start = 0;
    for (size_t& entry : count) {
      const size_t here = entry;
      entry = start;
      start += here;
    }
    for (size_t i = 0; i < size; i++) to[count[(key(from[i]) >> (8 * digit)) & 0xff]++] = from[i];
    std::swap(from, to);
  }
  if (from != items) std::copy_n(from, size, items);
}

inline void SortDoubles(double* values, double* scratch, size_t size) {
  RadixSort(values, scratch, size, SortKey);
}

}  // namespace blasnet
