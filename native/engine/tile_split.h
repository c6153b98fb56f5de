// How a plan and its tile runner split their work. This depends on sizes alone, so that the number of threads
// changes no bit. The functions have no state, so any thread may call them.
#pragma once

#include <algorithm>
#include <cstddef>

#include "engine/lanes.h"

namespace blasnet {

// kSweepBytes, kSweepRows, kMemberSamples and the two limits of tile rows were measured on the networks of
// bench/. The other numbers are estimates that fit these networks.
inline constexpr size_t kSweepBytes = 1'000'000;  // bytes of parameters from which networks are swept
inline constexpr size_t kSweepRows = 256;         // samples in a tile of a sweep
inline constexpr size_t kSweepUnits = 64;    // most units of a layer that a thread takes at once in a sweep
inline constexpr size_t kUnitGrain = 8;      // blocks of units are multiples of this many units long
inline constexpr size_t kSweepColumns = 96;  // most columns of dW likewise
inline constexpr size_t kColumnGrain = 48;   // whole panels of packed.h
inline constexpr size_t kManyTiles = 8;      // for each thread: then one tile more does not matter
inline constexpr size_t kTileWork = 4'000'000;  // floating-point operations that a tile aims at
inline constexpr size_t kLeastTileRows = 100;   // with fewer, matrix products are too thin
inline constexpr size_t kMostTileRows = 128;    // with more, activations leave the cache
inline constexpr size_t kMemberSamples =
    8;  // with fewer samples in a tile, members' last layers are too thin

constexpr size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

// Splits rows into `count` tiles of nearly equal size. Every tile except the last is a multiple of `grain`
// rows long.
struct TileSplit {
  size_t rows;
  size_t count;
  size_t grain;

  size_t Start(size_t i) const { return std::min(rows, Blocks(rows, grain) * i / count * grain); }
};

// Tiles in lanes: lane l has tiles TileOf(l) .. TileOf(l + 1).
struct LaneSplit : TileSplit {
  size_t lanes;

  size_t TileOf(size_t lane) const { return count / lanes * lane; }
};

// The fewest lanes, a power of two, whose tiles have at most `tile_rows` rows; kMostLanes lanes have more
// than one tile, if need be. No tile is empty: if there are fewer grains than that needs, tiles are longer.
// `grain`: at most tile_rows, and even, as the draws of dropout need it.
constexpr LaneSplit SplitLanes(size_t rows, size_t tile_rows, size_t grain) {
  const size_t grains = Blocks(rows, grain);
  size_t lanes = 1;
  while (lanes < kMostLanes && lanes * tile_rows < rows && 2 * lanes <= grains) lanes *= 2;
  const size_t tiles = std::min(Blocks(rows, lanes * tile_rows), std::max<size_t>(grains / lanes, 1));
  return {{rows, lanes * tiles, grain}, lanes};
}

// Splits `size` units or columns into blocks for the threads of a sweep: a multiple of four blocks, so that
// two or four threads have equal shares, unless that makes blocks of less than two grains.
constexpr TileSplit SplitShares(size_t size, size_t most, size_t grain) {
  const size_t blocks = Blocks(size, most), grains = Blocks(size, grain);
  return {size, std::max(blocks, std::min(Blocks(blocks, 4) * 4, grains / 2)), grain};
}

// The sum over a lane's tiles, one after another. Sums has the member Add.
template <class Sums>
Sums SumOfLane(const LaneSplit& split, size_t lane, const Sums* tiles) {
  Sums sum{};
  for (size_t i = split.TileOf(lane); i < split.TileOf(lane + 1); i++) sum.Add(tiles[i]);
  return sum;
}

}  // namespace blasnet
