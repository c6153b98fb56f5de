// The distinct texts of a column, with a code each: the first text that came has the code 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace blasnet {

class Dictionary {
 public:
  // The code of a text, which is added if it is new. Throws std::length_error beyond 2^31 - 1 texts.
  int32_t Code(std::string_view text);

  size_t Size() const { return ends_.size(); }
  std::string_view Text(size_t code) const {
    const size_t start = code == 0 ? 0 : ends_[code - 1];
    return {bytes_.data() + start, ends_[code] - start};
  }
  // All texts, one behind the other; and where each ends.
  const std::vector<char>& Bytes() const { return bytes_; }
  const std::vector<size_t>& Ends() const { return ends_; }

 private:
  struct Slot {
    uint32_t hash;
    int32_t code;  // -1: free
  };

  void Grow();

  std::vector<char> bytes_;
  std::vector<size_t> ends_;
  // Open addressing; a power of two, at most half of it in use.
  std::vector<Slot> slots_;
};

}  // namespace blasnet
