#include "engine/arrays.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <type_traits>

#include "engine/pieces.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;  // that a thread takes at a time
constexpr size_t kHashPiece = size_t{1} << 20;   // bytes between two looks at the stop flag

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

template <typename T>
Outcome FillArray(double value, size_t size, T* out, const Control& control) {
  ForPieces(
      control.Threads(), size, kPieceBytes / sizeof(T), control,
      [&](size_t first, size_t last, size_t) { std::fill(out + first, out + last, static_cast<T>(value)); });
  return Done(control);
}

Outcome CopyBytes(const std::vector<Bytes>& from, const std::vector<Bytes>& to, const Control& control) {
  std::vector<size_t> from_starts = StartsOf(from), to_starts = StartsOf(to);
  const size_t size = to_starts.back();
  if (size == 0) return Done(control);
  from_starts.pop_back(), to_starts.pop_back();
  ForPieces(control.Threads(), size, kPieceBytes, control, [&](size_t first, size_t last, size_t) {
    Cursor source(from, from_starts, first), target(to, to_starts, first);
    for (size_t left = last - first; left > 0;) {
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
Outcome ConvertNumbers(const Numbers& from, size_t count, T* out, const Control& control) {
  std::atomic<size_t> bad{count};
  ForPieces(control.Threads(), count, kPieceBytes / sizeof(T), control,
            [&](size_t first, size_t last, size_t) {
              double scratch[512];
              for (size_t at = first; at < last; at += std::size(scratch)) {
                const size_t size = std::min(std::size(scratch), last - at);
                const double* numbers = ReadNumbers(from, at, size, scratch);
                for (size_t i = 0; i < size; i++) {
                  if constexpr (std::is_same_v<T, int32_t>) {
                    if (!(numbers[i] >= 0 && numbers[i] <= std::numeric_limits<T>::max() &&
                          numbers[i] == std::floor(numbers[i]))) {
                      return Lower(&bad, at + i);
                    }
                  }
                  out[at + i] = static_cast<T>(numbers[i]);
                }
              }
            });
  Outcome outcome = Done(control);
  outcome.index = bad.load();
  return outcome;
}

Outcome SplitColumns(const Numbers& from, size_t rows, const std::vector<double*>& out,
                     const Control& control) {
  const size_t cols = out.size();
  // A block of rows is read once, while its cache lines are at hand.
  constexpr size_t kRows = 256;
  ForPieces(control.Threads(), rows, kRows, control, [&](size_t first, size_t last, size_t) {
    double scratch[kRows];
    for (size_t c = 0; c < cols; c++) {
      const double* column = ReadNumbers(from, first * cols + c, cols, last - first, scratch);
      std::copy_n(column, last - first, out[c] + first);
    }
  });
  return Done(control);
}

template <typename T>
Outcome CheckFinite(const T* data, size_t size, const Control& control) {
  std::atomic<size_t> bad{size};
  ForPieces(control.Threads(), size, kPieceBytes / sizeof(T), control,
            [&](size_t first, size_t last, size_t) {
              if (first >= bad.load(std::memory_order_relaxed)) return;
              const size_t found = first + FirstNonFinite(data + first, last - first);
              if (found < last) Lower(&bad, found);
            });
  Outcome outcome = Done(control);
  outcome.index = bad.load();
  return outcome;
}

template Outcome ConvertNumbers(const Numbers&, size_t, double*, const Control&);
template Outcome ConvertNumbers(const Numbers&, size_t, float*, const Control&);
template Outcome ConvertNumbers(const Numbers&, size_t, int32_t*, const Control&);
template Outcome FillArray(double, size_t, double*, const Control&);
template Outcome FillArray(double, size_t, float*, const Control&);
template Outcome CheckFinite(const double*, size_t, const Control&);
template Outcome CheckFinite(const float*, size_t, const Control&);

}  // namespace blasnet
