// How a plan splits its work: by sizes alone, so that the number of threads changes no bit.
#pragma once

#include <algorithm>
#include <cstddef>

namespace blasnet {

// The borders of the schedules and the tiles' rows were measured on the networks of bench/; sizes of shares
// and what is worth another thread are estimates that those networks agree with.
inline constexpr size_t kSweepBytes = 1'000'000;  // from here on parameters are swept through layer by layer
inline constexpr size_t kSweepRows = 256;         // samples that a sweep takes at once
inline constexpr size_t kSweepUnits = 64;         // units of a layer that one thread takes at once
inline constexpr size_t kTileWork = 4'000'000;    // floating-point operations that a tile should be worth
inline constexpr size_t kLeastTileRows = 100;     // below, matrix products are too thin
inline constexpr size_t kMostTileRows = 128;      // above, activations leave the cache
inline constexpr size_t kMostPartialGradients = 16;  // of a batch, summed apart

constexpr size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

// Rows split into `count` tiles of nearly equal size, each but the last a whole number of cache lines long.
template <typename T>
struct TileSplit {
  size_t rows;
  size_t count;

  size_t Start(size_t i) const {
    constexpr size_t kLine = 64 / sizeof(T);
    return std::min(rows, Blocks(rows, kLine) * i / count * kLine);
  }
};

template <typename T>
TileSplit<T> SplitRows(size_t rows, size_t tile_rows) {
  return {rows, Blocks(rows, tile_rows)};
}

}  // namespace blasnet
