#include "tables/dictionary.h"

#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>

namespace blasnet {
namespace {

// The hash's start differs from process to process, so that nobody can choose texts that collide. Codes do
// not depend on it.
uint64_t Start() {
  static const uint64_t start = [] {
    std::random_device random;
    return (uint64_t{random()} << 32) | random();
  }();
  return start;
}

// The constants are those of splitmix64.
uint64_t Mix(uint64_t hash) {
  hash ^= hash >> 30;
  hash *= 0xbf58476d1ce4e5b9;
  hash ^= hash >> 27;
  hash *= 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

uint32_t Hash(std::string_view text) {
  uint64_t hash = Start() ^ text.size();
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    hash = Mix(hash ^ word);
  }
  uint64_t rest = 0;
  std::memcpy(&rest, text.data() + i, text.size() - i);
  return static_cast<uint32_t>(Mix(hash ^ rest));
}

}  // namespace

int32_t Dictionary::Code(std::string_view text) {
  if (slots_.size() < 2 * (Size() + 1)) Grow();
  const uint32_t hash = Hash(text);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.code < 0) {
      if (Size() >= static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        throw std::length_error("more than 2^31 - 1 different texts in a column");
      }
      const auto code = static_cast<int32_t>(Size());
      bytes_.insert(bytes_.end(), text.begin(), text.end());
      ends_.push_back(bytes_.size());
      slot = {hash, code};
      return code;
    }
    if (slot.hash == hash && Text(static_cast<size_t>(slot.code)) == text) return slot.code;
  }
}

void Dictionary::Grow() {
  std::vector<Slot> slots(slots_.empty() ? 16 : 2 * slots_.size(), Slot{0, -1});
  const size_t mask = slots.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.code < 0) continue;
    size_t i = slot.hash & mask;
    while (slots[i].code >= 0) i = (i + 1) & mask;
    slots[i] = slot;
  }
  slots_.swap(slots);
}

}  // namespace blasnet
