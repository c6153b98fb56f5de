// NumPy's legacy generator: the Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), and the shuffles
// that NumPy makes from its words. lib/random/random-state.ts has the same for single numbers.
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

// Copies the next `count` words of a key (kWords words), of which the first `position` words are used. They
// are not tempered yet. Changes the key, and returns the new position.
size_t DrawWords(uint32_t* key, size_t position, size_t count, uint32_t* out);

// A part of the Fisher-Yates shuffle, which goes from the last element to the first: gives the elements from
// last - 1 down to `first` (at least 1) their values.
void ShuffleDown(Twister* twister, uint32_t* values, size_t first, size_t last);

}  // namespace blasnet
