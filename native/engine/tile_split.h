// How a plan and its tile runner split their work. This depends on sizes alone, so that the number of threads
// changes no bit. The functions have no state, so any thread may call them.
#pragma once

#include <algorithm>
#include <cstddef>

namespace blasnet {

// kSweepBytes, kSweepRows and the two limits of tile rows were measured on the networks of bench/. The other
// numbers are estimates that fit these networks.
inline constexpr size_t kSweepBytes = 1'000'000;  // bytes of parameters from which networks are swept
inline constexpr size_t kSweepRows = 256;         // samples in a tile of a sweep
inline constexpr size_t kSweepUnits = 64;         // units of a layer that one thread takes at once in a sweep
inline constexpr size_t kTileWork = 4'000'000;    // floating-point operations that a tile aims at
inline constexpr size_t kLeastTileRows = 100;     // with fewer, matrix products are too thin
inline constexpr size_t kMostTileRows = 128;      // with more, activations leave the cache
inline constexpr size_t kMostPartialGradients = 16;  // partial gradients of a batch

constexpr size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

// Splits rows into `count` tiles of nearly equal size. Every tile except the last is a whole number of cache
// lines long.
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
