// How a plan and its tile runner split their work. This depends on sizes alone, so that the number of threads
// changes no bit. The functions have no state, so any thread may call them.
#pragma once

#include <algorithm>
#include <cstddef>

namespace blasnet {

// kSweepBytes, kSweepRows, kMemberSamples and the two limits of tile rows were measured on the networks of
// bench/. The other numbers are estimates that fit these networks.
inline constexpr size_t kSweepBytes = 1'000'000;  // bytes of parameters from which networks are swept
inline constexpr size_t kSweepRows = 256;         // samples in a tile of a sweep
inline constexpr size_t kSweepUnits = 64;         // units of a layer that one thread takes at once in a sweep
inline constexpr size_t kTileWork = 4'000'000;    // floating-point operations that a tile aims at
inline constexpr size_t kLeastTileRows = 100;     // with fewer, matrix products are too thin
inline constexpr size_t kMostTileRows = 128;      // with more, activations leave the cache
inline constexpr size_t kMemberSamples =
    8;  // with fewer samples in a tile, members' last layers are too thin
inline constexpr size_t kMostPartialGradients = 16;  // partial gradients of a batch

constexpr size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

// Splits rows into `count` tiles of nearly equal size. Every tile except the last is a multiple of `grain`
// rows long.
struct TileSplit {
  size_t rows;
  size_t count;
  size_t grain;

  size_t Start(size_t i) const { return std::min(rows, Blocks(rows, grain) * i / count * grain); }
};

// `grain`: at most tile_rows, and even, as the draws of dropout need it.
constexpr TileSplit SplitRows(size_t rows, size_t tile_rows, size_t grain) {
  return {rows, Blocks(rows, tile_rows), grain};
}

}  // namespace blasnet
