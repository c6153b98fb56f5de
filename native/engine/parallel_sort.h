// Sorts large arrays on several threads: the radix sort of kernels/sort.h, in pieces.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/control.h"
#include "engine/pool.h"
#include "kernels/sort.h"

namespace blasnet {

// Sorts `items` (size) by key(item), a uint64_t, ascending; equal keys keep their order. `scratch` has the
// same size. Returns where the sorted items are: `items` or `scratch`; null if `control` says stop.
template <class Item, class Key>
Item* ParallelSort(Item* items, Item* scratch, size_t size, const Key& key, const Control& control) {
  constexpr size_t kDigits = 8, kPiece = size_t{1} << 16;
  if (size <= kPiece) {
    RadixSort(items, scratch, size, key);
    return items;
  }
  using Counts = std::array<size_t, 256>;
  const size_t pieces = (size + kPiece - 1) / kPiece;
  std::vector<Counts> places(pieces);
  const auto for_pieces = [&](const auto& body) {
    ParallelFor(control.ThreadLimit(), pieces, [&](size_t piece, size_t) {
      if (!control.Stopped()) body(piece, piece * kPiece, std::min(size, (piece + 1) * kPiece));
    });
  };
  // The bits in which a key differs from the first.
  std::vector<uint64_t> differences(pieces);
  for_pieces([&](size_t piece, size_t from, size_t to) {
    uint64_t bits = 0;
    for (size_t i = from; i < to; i++) bits |= key(items[i]) ^ key(items[0]);
    differences[piece] = bits;
  });
  uint64_t differing = 0;
  for (const uint64_t bits : differences) differing |= bits;
  for (size_t shift = 0; shift < 8 * kDigits && !control.Stopped(); shift += 8) {
    if (((differing >> shift) & 0xff) == 0) continue;
    for_pieces([&](size_t piece, size_t from, size_t to) {
      Counts counts{};
      for (size_t i = from; i < to; i++) counts[(key(items[i]) >> shift) & 0xff]++;
      places[piece] = counts;
    });
    size_t start = 0;
    for (size_t digit = 0; digit < 256; digit++) {
      for (Counts& counts : places) start += std::exchange(counts[digit], start);
    }
    // After a stop, counts may be missing, and places wrong.
    if (control.Stopped()) return nullptr;
    for_pieces([&](size_t piece, size_t from, size_t to) {
      Counts& next = places[piece];
      for (size_t i = from; i < to; i++) scratch[next[(key(items[i]) >> shift) & 0xff]++] = items[i];
    });
    std::swap(items, scratch);
  }
  return control.Stopped() ? nullptr : items;
}

}  // namespace blasnet
