// Register-blocked matrix products, for matrices that fit in cache. They do not pack or copy, and they apply
// bias and activation before a result leaves its registers. For large matrices, Gemm is faster.
//
// Vectors run along the rows of R and C. The products read and write whole vectors, so the leading dimensions
// must be at least `PaddedSize<T>(n)`; the padding may hold any values.
#pragma once

#include <cstddef>

namespace blasnet {

// `n` rounded up to a multiple of the longest vector's elements (64 bytes).
template <typename T>
constexpr size_t PaddedSize(size_t n) {
  constexpr size_t kLanes = 64 / sizeof(T);
  return (n + kLanes - 1) / kLanes * kLanes;
}

// The left operand; element (row, k) is at data[row * row_stride + k * k_stride].
template <typename T>
struct Strided {
  const T* data;
  size_t row_stride;
  size_t k_stride;
};

enum class Epilogue { kNone, kRelu, kReluGradient };

template <typename T>
struct ProductOptions {
  const T* bias = nullptr;  // (rows) the value that each row's sums start from; null: 0
  bool accumulate = false;  // start from C instead
  Epilogue epilogue = Epilogue::kNone;
  const T* relu = nullptr;  // kReluGradient: laid out like C; C becomes 0 where `relu` is not positive
};

// C (rows, n) = epilogue(L (rows, k) R (k, n) + ...).
template <typename T>
void Product(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
             const ProductOptions<T>& options);

// Like Product without options, but rows of R and C need no padding: C (rows, n) = L (rows, k) R (k, n), plus
// the old C if `accumulate`.
template <typename T>
void ProductUnpadded(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
                     bool accumulate);

// C (rows, cols) = L (rows, k) R (cols, k)^T: inner products of rows. Adds the old C if `accumulate`,
// otherwise the bias. The epilogue is kNone or kRelu. Reads nothing beyond k.
template <typename T>
void DotProducts(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr, T* c,
                 size_t ldc, const ProductOptions<T>& options);

// Like DotProducts without options, for gradients: takes less time for small k, but the order of a column's
// sums depends on its place. C (rows, cols) = L (rows, k) R (cols, k)^T, plus the old C if `accumulate`.
// Reads nothing beyond k, and writes nothing beyond `cols`.
template <typename T>
void ProductTransposed(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr,
                       T* c, size_t ldc, bool accumulate);

// sums (rows) = the sum of each row of A (rows, n), plus the old `sums` if `accumulate`.
template <typename T>
void RowSums(size_t rows, size_t n, const T* a, size_t lda, bool accumulate, T* sums);

}  // namespace blasnet
