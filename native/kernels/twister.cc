#include "kernels/twister.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <utility>

namespace blasnet {
namespace {

// The distance from a word to the later word that is mixed into it.
constexpr size_t kLead = 397;

uint32_t Mixed(uint32_t word, uint32_t next, uint32_t ahead) {
  const uint32_t mixed = (word & 0x80000000U) | (next & 0x7fffffffU);
  return ahead ^ (mixed >> 1) ^ ((0U - (mixed & 1U)) & 0x9908b0dfU);
}

// The next words from the last, in place. The loops are split where the word ahead wraps around, so that
// compilers vectorise them.
void Twist(uint32_t* key) {
  constexpr size_t kWords = Twister::kWords, kWrap = kWords - kLead;
  for (size_t i = 0; i < kWrap; i++) key[i] = Mixed(key[i], key[i + 1], key[i + kLead]);
  for (size_t i = kWrap; i < kWords - 1; i++) key[i] = Mixed(key[i], key[i + 1], key[i - kWrap]);
  key[kWords - 1] = Mixed(key[kWords - 1], key[0], key[kLead - 1]);
}

}  // namespace

Twister::Twister(const uint32_t* key, size_t position) : position_(position) {
  std::copy_n(key, kWords, key_.begin());
  Temper();
}

size_t Twister::Save(uint32_t* key) const {
  std::copy(key_.begin(), key_.end(), key);
  return position_;
}

void Twister::Refill() {
  Twist(key_.data());
  Temper();
  position_ = 0;
}

void Twister::Temper() {
  for (size_t i = 0; i < kWords; i++) {
    uint32_t word = key_[i];
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c5680U;
    word ^= (word << 15) & 0xefc60000U;
    tempered_[i] = word ^ (word >> 18);
  }
}

size_t Twister::FallingIntegers(uint32_t bound, uint32_t mask, size_t wanted, uint32_t* out) {
  uint32_t count = 0;
  while (count == 0) {
    if (position_ == kWords) Refill();
    while (position_ < kWords && count < wanted) {
      // Each word gives one integer at most, so these words are all needed. No branch depends on a random
      // number.
      const size_t end = position_ + std::min(kWords - position_, wanted - count);
      for (size_t i = position_; i < end; i++) {
        const uint32_t value = tempered_[i] & mask;
        out[count] = value;
        count += value <= bound - count ? 1 : 0;
      }
      position_ = end;
    }
  }
  return count;
}

size_t DrawWords(uint32_t* key, size_t position, size_t count, uint32_t* out) {
  for (size_t done = 0; done < count;) {
    if (position == Twister::kWords) {
      Twist(key);
      position = 0;
    }
    const size_t part = std::min(Twister::kWords - position, count - done);
    std::copy_n(key + position, part, out + done);
    position += part;
    done += part;
  }
  return position;
}

void ShuffleDown(Twister* twister, uint32_t* values, size_t first, size_t last) {
  constexpr size_t kAhead = 16;
  // One more, since a refused integer is written before it is overwritten.
  std::array<uint32_t, Twister::kWords + 1> drawn;
  while (last > first) {
    const auto bound = static_cast<uint32_t>(last - 1);
    uint32_t mask = bound;
    for (unsigned shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
    const size_t least = std::max<size_t>(first, (mask >> 1) + size_t{1});
    const size_t count = twister->FallingIntegers(bound, mask, last - least, drawn.data());
    for (size_t k = 0; k < count; k++) {
      if (k + kAhead < count) hwy::Prefetch(values + drawn[k + kAhead]);
      std::swap(values[bound - k], values[drawn[k]]);
    }
    last -= count;
  }
}

}  // namespace blasnet
