// Work with whole arrays: copies, fills, hashes, and checks for finite numbers. Arrays are cut by their
// lengths alone, so no result depends on the number of threads. After a stop, the results are of no use.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/numbers.h"
#include "kernels/sha256.h"

namespace blasnet {

// A part of memory.
struct Bytes {
  unsigned char* data;
  size_t size;
};

// Sets all elements to one number.
template <typename T>
Outcome FillArray(double value, size_t size, T* out, const Control& control);

// Copies the bytes of `from`, one after another, to those of `to`. Both have equally many. No part of `to`
// overlaps another part.
Outcome CopyBytes(const std::vector<Bytes>& from, const std::vector<Bytes>& to, const Control& control);

// Copies numbers into an array of another type. Outcome: index is the first number that an int32_t array does
// not take as a class, an integer from 0 to 2^31 - 1; or `count`.
template <typename T>
Outcome ConvertNumbers(const Numbers& from, size_t count, T* out, const Control& control);

// Writes each column of a matrix (rows, out.size()) to an array of its own (rows).
Outcome SplitColumns(const Numbers& from, size_t rows, const std::vector<double*>& out,
                     const Control& control);

// Outcome: index is the first NaN or infinity of data, or `size`.
template <typename T>
Outcome CheckFinite(const T* data, size_t size, const Control& control);

// Adds the data to the hash.
Outcome Hash(Sha256* hash, const Bytes& data, const Control& control);

}  // namespace blasnet
