// The memory of stages and tiles. One thread reserves an array before a pass; then several threads may use
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace blasnet {

// An array that starts at the beginning of a cache line.
template <typename T>
class Workspace {
 public:
  // Provides at least `size` elements; new ones are 0. If the array must grow, it loses its values.
  T* Reserve(size_t size) {
    constexpr size_t kLine = 64 / sizeof(T);
    if (storage_.size() < size + kLine) {
      storage_.assign(size + kLine, T{0});
      const size_t offset = reinterpret_cast<uintptr_t>(storage_.data()) / sizeof(T) % kLine;
      data_ = storage_.data() + (kLine - offset) % kLine;
    }
    return data_;
  }
  T* data() const { return data_; }
  size_t Bytes() const { return storage_.size() * sizeof(T); }

 private:
  std::vector<T> storage_;
  T* data_ = nullptr;
};

}  // namespace blasnet
