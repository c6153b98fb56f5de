// NumPy's legacy generator: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), and the doubles,
// normals and shuffles that NumPy makes from its words. lib/random/random-state.ts has the same for single
// numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace blasnet {

class Twister {
 public:
  static constexpr size_t kWords = 624;

  // Continues from a key (kWords words), of which the first `position` words are used.
  Twister(const uint32_t* key, size_t position);

  // Copies the key, and returns the position.
  size_t Save(uint32_t* key) const;

  uint32_t Next() {
    if (position_ == kWords) Refill();
    return tempered_[position_++];
  }

  // In [0, 1), a multiple of 2^-53.
  double Double() {
    const uint32_t high = Next() >> 5, low = Next() >> 6;
    return (high * 67108864.0 + low) / 9007199254740992.0;
  }

  // Draws an integer from 0 to `bound`, another from 0 to bound - 1, and so on, `wanted` at most; returns how
  // many. At least one, at most kWords. A word is cut to the bits of `mask`, and drawn again while it is
  // larger than its bound. All bounds have the bits of `mask`.
  size_t FallingIntegers(uint32_t bound, uint32_t mask, size_t wanted, uint32_t* out);

 private:
  void Refill();
  void Temper();

  std::array<uint32_t, kWords> key_;
  std::array<uint32_t, kWords> tempered_;  // what the generator returns for each word of the key
  size_t position_;
};

// A part of the Fisher-Yates shuffle, which goes from the last element to the first: gives the elements from
// last - 1 down to `first` (at least 1) their values.
void ShuffleDown(Twister* twister, uint32_t* values, size_t first, size_t last);

// out[i] = low + range * a double in [0, 1)
template <typename T>
void FillUniform(Twister* twister, double low, double range, size_t size, T* out);

// out[i] = mean + deviation * a normal number, by Marsaglia's polar form of the Box-Muller method. The method
// makes two numbers at a time; *spare is the second one until it is used, and otherwise NaN.
template <typename T>
void FillNormal(Twister* twister, double* spare, double mean, double deviation, size_t size, T* out);

}  // namespace blasnet
