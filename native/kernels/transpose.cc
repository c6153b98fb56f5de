#include "kernels/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transpose.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
template <typename T>
constexpr size_t kSide = 1;

template <typename T>
HWY_INLINE void Square(const T* const* in, size_t j, T* out, size_t) {
  out[0] = in[0][j];
}
#else
// The rows and columns of a block: the elements of 128 bits, which every instruction set can interleave.
template <typename T>
constexpr size_t kSide = 16 / sizeof(T);

HWY_INLINE void Square(const double* const* in, size_t j, double* out, size_t ld) {
  const hn::CappedTag<double, 2> d;
  const auto a = hn::LoadU(d, in[0] + j), b = hn::LoadU(d, in[1] + j);
  hn::StoreU(hn::InterleaveLower(d, a, b), d, out);
  hn::StoreU(hn::InterleaveUpper(d, a, b), d, out + ld);
}

HWY_INLINE void Square(const float* const* in, size_t j, float* out, size_t ld) {
  const hn::CappedTag<float, 4> d;
  const auto a = hn::LoadU(d, in[0] + j), b = hn::LoadU(d, in[1] + j);
  const auto e = hn::LoadU(d, in[2] + j), f = hn::LoadU(d, in[3] + j);
  // Columns 0 and 1, then 2 and 3, of rows a and b and of rows e and f.
  const auto ab = hn::InterleaveLower(d, a, b), ef = hn::InterleaveLower(d, e, f);
  const auto ab2 = hn::InterleaveUpper(d, a, b), ef2 = hn::InterleaveUpper(d, e, f);
  hn::StoreU(hn::ConcatLowerLower(d, ef, ab), d, out);
  hn::StoreU(hn::ConcatUpperUpper(d, ef, ab), d, out + ld);
  hn::StoreU(hn::ConcatLowerLower(d, ef2, ab2), d, out + 2 * ld);
  hn::StoreU(hn::ConcatUpperUpper(d, ef2, ab2), d, out + 3 * ld);
}
#endif

// `rows` is a multiple of kSide.
template <typename T>
HWY_INLINE void Strip(size_t rows, size_t cols, const T* const* in, T* out, size_t ld) {
  constexpr size_t side = kSide<T>;
  size_t j = 0;
  for (; j + side <= cols; j += side) {
    for (size_t i = 0; i < rows; i += side) Square(in + i, j, out + j * ld + i, ld);
  }
  for (; j < cols; j++) {
    for (size_t i = 0; i < rows; i++) out[j * ld + i] = in[i][j];
  }
}

// Strips of rows fill whole cache lines of `out`.
template <typename T>
void CopyTransposedOf(size_t rows, size_t cols, const T* const* in, T* out, size_t ld) {
  constexpr size_t line = 64 / sizeof(T);
  size_t i = 0;
  for (; i + line <= rows; i += line) Strip(line, cols, in + i, out + i, ld);
  const size_t rest = (rows - i) / kSide<T> * kSide<T>;
  Strip(rest, cols, in + i, out + i, ld);
  for (i += rest; i < rows; i++) {
    for (size_t j = 0; j < cols; j++) out[j * ld + i] = in[i][j];
  }
}

void CopyTransposedF64(size_t rows, size_t cols, const double* const* in, double* out, size_t ld) {
  CopyTransposedOf(rows, cols, in, out, ld);
}

void CopyTransposedF32(size_t rows, size_t cols, const float* const* in, float* out, size_t ld) {
  CopyTransposedOf(rows, cols, in, out, ld);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(CopyTransposedF64);
HWY_EXPORT(CopyTransposedF32);

template <>
void CopyTransposed(size_t rows, size_t cols, const double* const* in, double* out, size_t ld) {
  HWY_DYNAMIC_DISPATCH(CopyTransposedF64)(rows, cols, in, out, ld);
}

template <>
void CopyTransposed(size_t rows, size_t cols, const float* const* in, float* out, size_t ld) {
  HWY_DYNAMIC_DISPATCH(CopyTransposedF32)(rows, cols, in, out, ld);
}

}  // namespace blasnet
#endif  // HWY_ONCE
