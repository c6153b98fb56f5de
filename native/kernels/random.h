// Random numbers by counting: every number is a function of a key and of where it is used, so that no order
// of computation changes it. The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", 2011), which passes BigCrush.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

struct RandomKey {
  uint32_t low;
  uint32_t high;
};

// The block of a counter: two words.
RandomKey Threefry(RandomKey key, uint32_t counter_low, uint32_t counter_high);

// A key for what happens at `place`, at `time`.
RandomKey SubKey(RandomKey key, uint64_t time, uint32_t place);

// Row `row` of a mask, elements from `first` (an even number) on: out[i] is 0 with the probability `rate`, in
// [0, 1), otherwise `scale`. `rate` is rounded to a multiple of 2^-32.
template <typename T>
void DropoutMask(RandomKey key, uint32_t row, size_t first, size_t size, double rate, T scale, T* out);

// out[i] = mask[i] * in[i]; `out` may be `in`.
template <typename T>
void ApplyMask(size_t size, const T* mask, const T* in, T* out);

// out[i] = in[i] + deviation * n, n from the standard normal distribution (Box and Muller, 1958; uniform
// numbers of 32 bits, so |n| < 6.8); row and first as above. `out` may be `in`.
template <typename T>
void AddNoise(RandomKey key, uint32_t row, size_t first, size_t size, T deviation, const T* in, T* out);

}  // namespace blasnet
