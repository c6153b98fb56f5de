// Counter-based random numbers: each is a function of a key and of the place where it is used, so that the
// order of computation changes nothing. The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror
// and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011), which passes BigCrush.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

struct RandomKey {
  uint32_t low;
  uint32_t high;
};

// The block that belongs to a counter: two words.
RandomKey Threefry(RandomKey key, uint32_t counter_low, uint32_t counter_high);

// A key for one use: number `time`, at `place`.
RandomKey SubKey(RandomKey key, uint64_t time, uint32_t place);

// Row `row` of a mask, its elements from `first` (an even number). out[i] is 0 with probability `rate`, in
// [0, 1), otherwise `scale`. Rounds `rate` to a multiple of 2^-32.
template <typename T>
void DropoutMask(RandomKey key, uint32_t row, size_t first, size_t size, double rate, T scale, T* out);

// out[i] = mask[i] * in[i]; `out` may be `in`.
template <typename T>
void ApplyMask(size_t size, const T* mask, const T* in, T* out);

// out[i] = in[i] + deviation * n, with n from the standard normal distribution (Box and Muller, 1958; the
// uniform numbers have 32 bits, so |n| < 6.8). `row` and `first` are those of DropoutMask. `out` may be `in`.
template <typename T>
void AddNoise(RandomKey key, uint32_t row, size_t first, size_t size, T deviation, const T* in, T* out);

}  // namespace blasnet
