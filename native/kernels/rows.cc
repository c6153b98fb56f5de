#include "kernels/rows.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <cstring>

namespace blasnet {
namespace {

constexpr size_t kLine = 64;  // bytes of a cache line
constexpr size_t kAhead = 16;

void PrefetchRow(const char* row, size_t bytes) {
  // The processor itself finds the later lines of a long row.
  for (size_t at = 0; at < std::min(bytes, 4 * kLine); at += kLine) hwy::Prefetch(row + at);
}

// With a size that the compiler knows, a copy is a few moves.
template <size_t bytes>
bool TakeShort(const char* from, size_t rows, const uint32_t* index, size_t count, char* out) {
  for (size_t i = 0; i < count; i++) {
    if (i + kAhead < count) hwy::Prefetch(from + index[i + kAhead] * bytes);
    const size_t row = ReadOnce(index + i);
    if (row >= rows) return false;
    std::memcpy(out + i * bytes, from + row * bytes, bytes);
  }
  return true;
}

bool IsTie(const int32_t*, size_t, size_t, size_t) { return false; }
// Whether a later label of the row is as large as the label of its class.
template <typename T>
bool IsTie(const T* labels, size_t cols, size_t row, size_t label) {
  const T* of = labels + row * cols;
  for (size_t col = label + 1; col < cols; col++) {
    if (of[col] == of[label]) return true;
  }
  return false;
}

}  // namespace

bool CopyRows(const void* from, size_t rows, size_t row_bytes, const uint32_t* index, size_t count,
              void* out) {
  const char* source = static_cast<const char*>(from);
  char* target = static_cast<char*>(out);
  switch (row_bytes) {
    case 4:
      return TakeShort<4>(source, rows, index, count, target);
    case 8:
      return TakeShort<8>(source, rows, index, count, target);
    case 16:
      return TakeShort<16>(source, rows, index, count, target);
    default:
      for (size_t i = 0; i < count; i++) {
        if (i + kAhead < count) PrefetchRow(source + index[i + kAhead] * row_bytes, row_bytes);
        const size_t row = ReadOnce(index + i);
        if (row >= rows) return false;
        std::memcpy(target + i * row_bytes, source + row * row_bytes, row_bytes);
      }
      return true;
  }
}

bool AllBelow(const uint32_t* index, size_t count, size_t rows) {
  uint32_t most = 0;
  for (size_t i = 0; i < count; i++) most = std::max(most, index[i]);
  return count == 0 || most < rows;
}

template <typename T>
size_t CountClassesIn(const T* labels, size_t cols, size_t first, size_t last, size_t classes,
                      uint64_t* counts) {
  for (size_t row = first; row < last; row++) {
    // A negative class becomes one that is too large.
    const size_t label = static_cast<uint32_t>(ClassOf(labels, cols, row));
    if (label >= classes || IsTie(labels, cols, row, label)) return row;
    counts[label]++;
  }
  return last;
}

template size_t CountClassesIn<int32_t>(const int32_t*, size_t, size_t, size_t, size_t, uint64_t*);
template size_t CountClassesIn<double>(const double*, size_t, size_t, size_t, size_t, uint64_t*);
template size_t CountClassesIn<float>(const float*, size_t, size_t, size_t, size_t, uint64_t*);

}  // namespace blasnet
