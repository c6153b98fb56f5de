#include "engine/bytes.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/pool.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

constexpr size_t kPiece = size_t{1} << 18;      // bytes that a thread copies or checks at a time
constexpr size_t kHashPiece = size_t{1} << 20;  // bytes between two looks at the stop flag

Outcome Done(const Control& control) { return {control.Stopped() ? Status::kStopped : Status::kDone}; }

size_t PiecesOf(size_t size, size_t piece) { return (size + piece - 1) / piece; }

// A place in a list of parts.
class Cursor {
 public:
  Cursor(const std::vector<Bytes>& parts, const std::vector<size_t>& starts, size_t at)
      : parts_(parts),
        part_(static_cast<size_t>(std::upper_bound(starts.begin(), starts.end(), at) - starts.begin()) - 1),
        offset_(at - starts[part_]) {
    SkipEmpty();
  }

  size_t Left() const { return parts_[part_].size - offset_; }
  unsigned char* Here() const { return parts_[part_].data + offset_; }
  void Advance(size_t size) {
    offset_ += size;
    SkipEmpty();
  }

 private:
  void SkipEmpty() {
    while (part_ + 1 < parts_.size() && offset_ == parts_[part_].size) part_++, offset_ = 0;
  }

  const std::vector<Bytes>& parts_;
  size_t part_;
  size_t offset_;
};

// Where each part begins, if all stand one after another, and where the last one ends.
std::vector<size_t> StartsOf(const std::vector<Bytes>& parts) {
  std::vector<size_t> starts{0};
  for (const Bytes& part : parts) starts.push_back(starts.back() + part.size);
  return starts;
}

}  // namespace

Outcome CopyBytes(const std::vector<Bytes>& from, const std::vector<Bytes>& to, const Control& control) {
  std::vector<size_t> from_starts = StartsOf(from), to_starts = StartsOf(to);
  const size_t size = to_starts.back();
  if (size == 0) return Done(control);
  from_starts.pop_back(), to_starts.pop_back();
  ParallelFor(control.Threads(), PiecesOf(size, kPiece), [&](size_t i, size_t) {
    if (control.Stopped()) return;
    Cursor source(from, from_starts, i * kPiece), target(to, to_starts, i * kPiece);
    for (size_t left = std::min(kPiece, size - i * kPiece); left > 0;) {
      const size_t part = std::min({left, source.Left(), target.Left()});
      std::memcpy(target.Here(), source.Here(), part);
      source.Advance(part), target.Advance(part);
      left -= part;
    }
  });
  return Done(control);
}

Outcome Hash(Sha256* hash, const Bytes& data, const Control& control) {
  for (size_t i = 0; i < data.size && !control.Stopped(); i += kHashPiece) {
    hash->Add(data.data + i, std::min(kHashPiece, data.size - i));
  }
  return Done(control);
}

template <typename T>
Outcome CheckFinite(const T* data, size_t size, const Control& control) {
  constexpr size_t piece = kPiece / sizeof(T);
  std::atomic<size_t> first{size};
  ParallelFor(control.Threads(), PiecesOf(size, piece), [&](size_t i, size_t) {
    const size_t start = i * piece;
    if (control.Stopped() || start >= first.load(std::memory_order_relaxed)) return;
    const size_t count = std::min(piece, size - start), bad = FirstNonFinite(data + start, count);
    if (bad == count) return;
    size_t known = first.load();
    while (start + bad < known && !first.compare_exchange_weak(known, start + bad)) {
    }
  });
  return {control.Stopped() ? Status::kStopped : Status::kDone, first.load()};
}

template Outcome CheckFinite(const double*, size_t, const Control&);
template Outcome CheckFinite(const float*, size_t, const Control&);

}  // namespace blasnet
