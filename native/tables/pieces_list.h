// A list that grows in pieces, so that it is never copied, and never twice as large as what it holds.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace blasnet {

template <typename T>
class PiecesList {
 public:
  void Push(T value) {
    if (used_ == kPiece) AddPiece();
    last_[used_++] = value;
  }

  void Fill(size_t count, T value) {
    for (size_t i = 0; i < count; i++) Push(value);
  }

  size_t Size() const { return pieces_.empty() ? 0 : (pieces_.size() - 1) * kPiece + used_; }

  void CopyTo(T* out) const {
    for (size_t i = 0; i < pieces_.size(); i++) {
      const size_t size = i + 1 == pieces_.size() ? used_ : kPiece;
      std::memcpy(out + i * kPiece, pieces_[i].get(), size * sizeof(T));
    }
  }

  void Clear() {
    pieces_.clear();
    used_ = kPiece;
    last_ = nullptr;
  }

 private:
  static constexpr size_t kPiece = size_t{1} << 14;

  void AddPiece() {
    pieces_.emplace_back(new T[kPiece]);
    last_ = pieces_.back().get();
    used_ = 0;
  }

  std::vector<std::unique_ptr<T[]>> pieces_;
  T* last_ = nullptr;
  size_t used_ = kPiece;
};

}  // namespace blasnet
