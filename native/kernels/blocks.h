// Register-blocked matrix products for matrices that fit in cache: no packing, no copies, bias and activation
// applied before a result leaves its registers. Large matrices are better off with Gemm.
//
// Vectors run along the rows of R and C, whose leading dimensions are at least `PaddedSize<T>(n)`: whole
// vectors are read and written, so the padding must be there, whatever it holds.
#pragma once

#include <cstddef>

namespace blasnet {

// `n` rounded up to a whole number of the longest vectors (64 bytes).
template <typename T>
constexpr size_t PaddedSize(size_t n) {
  constexpr size_t kLanes = 64 / sizeof(T);
  return (n + kLanes - 1) / kLanes * kLanes;
}

// The left operand, element (row, k) at data[row * row_stride + k * k_stride].
template <typename T>
struct Strided {
  const T* data;
  size_t row_stride;
  size_t k_stride;
};

enum class Epilogue { kNone, kRelu, kReluGradient };

template <typename T>
struct ProductOptions {
  const T* bias = nullptr;  // (rows): where each row starts; null: at 0
  bool accumulate = false;  // start at what C holds instead
  Epilogue epilogue = Epilogue::kNone;
  const T* relu = nullptr;  // kReluGradient: C's shape and strides; C is 0 where it is not positive
};

// C (rows, n) = epilogue(L (rows, k) R (k, n) + ...).
template <typename T>
void Product(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
             const ProductOptions<T>& options);

// As Product without options, where R and C have rows of exactly n elements that end where they end:
// C (rows, n) = L (rows, k) R (k, n), plus what C holds if `accumulate`.
template <typename T>
void ProductUnpadded(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
                     bool accumulate);

// C (rows, cols) = L (rows, k) R (cols, k)^T, rows by rows; plus what C holds if it should accumulate,
// otherwise plus the bias. The epilogue is none or kRelu. Nothing beyond k is read.
template <typename T>
void DotProducts(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr, T* c,
                 size_t ldc, const ProductOptions<T>& options);

// sums (rows) = the sum of each row of A (rows, n), plus what `sums` holds if `accumulate`.
template <typename T>
void RowSums(size_t rows, size_t n, const T* a, size_t lda, bool accumulate, T* sums);

}  // namespace blasnet
