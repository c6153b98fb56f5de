// Work with whole arrays, in memory order: copies, and checks for finite numbers. Pieces are cut by sizes
// alone, so no result depends on the number of threads. After a stop, the results are of no use.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/sha256.h"

namespace blasnet {

// A part of memory.
struct Bytes {
  unsigned char* data;
  size_t size;
};

// Copies the bytes of `from`, one after another, to those of `to`. Both have equally many. No part of `to`
// overlaps another part.
Outcome CopyBytes(const std::vector<Bytes>& from, const std::vector<Bytes>& to, const Control& control);

// Adds the data to the hash.
Outcome Hash(Sha256* hash, const Bytes& data, const Control& control);

// Outcome: index is the first NaN or infinity of data, or `size`.
template <typename T>
Outcome CheckFinite(const T* data, size_t size, const Control& control);

}  // namespace blasnet
