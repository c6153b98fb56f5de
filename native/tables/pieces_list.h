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
    if (used_ == room_) AddPiece();
    last_[used_++] = value;
    size_++;
  }

  void Fill(size_t count, T value) {
    for (size_t i = 0; i < count; i++) Push(value);
  }

  size_t Size() const { return size_; }

  // Calls use(elements, their number) for each piece in order.
  template <typename Use>
  void ForEachPiece(const Use& use) const {
    for (size_t i = 0; i < pieces_.size(); i++) {
      use(pieces_[i].get(), i + 1 == pieces_.size() ? used_ : SizeOf(i));
    }
  }

  void CopyTo(T* out) const {
    ForEachPiece([&](const T* elements, size_t size) {
      std::memcpy(out, elements, size * sizeof(T));
      out += size;
    });
  }

  void Clear() {
    pieces_.clear();
    last_ = nullptr;
    used_ = room_ = size_ = 0;
  }

 private:
  // The first piece is small, since a table may have many columns of few rows. Each is twice as large as the
  // one before, up to 2^14 values.
  static size_t SizeOf(size_t piece) { return size_t{8} << (piece < 11 ? piece : 11); }

  void AddPiece() {
    const size_t room = SizeOf(pieces_.size());
    pieces_.emplace_back(new T[room]);
    last_ = pieces_.back().get();
    room_ = room;
    used_ = 0;
  }

  std::vector<std::unique_ptr<T[]>> pieces_;
  // The last piece, its values and its room for values.
  T* last_ = nullptr;
  size_t used_ = 0;
  size_t room_ = 0;
  size_t size_ = 0;
};

}  // namespace blasnet
