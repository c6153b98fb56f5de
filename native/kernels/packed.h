// Matrix products for wide layers, whose operands leave L1 and are read many times. They work like those of
// blocks.h, block by block, but take long sums in pieces, and pack an operand where its own layout is slow:
// after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (2008), and Van Zee and
// van de Geijn, "BLIS: a framework for rapidly instantiating BLAS functionality" (2015).
//
// Each element is summed in an order that depends on k alone.
#pragma once

#include <cstddef>

#include "kernels/blocks.h"

namespace blasnet {

// Like Product: C (rows, n) = epilogue(L (rows, k) R (k, n) + ...).
template <typename T>
void WideProduct(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
                 const ProductOptions<T>& options);

// C (rows, cols) = L (rows, k) R (cols, k)^T, plus the old C if `accumulate`. Reads nothing beyond k, and
// writes nothing beyond `cols`.
template <typename T>
void WideProductTransposed(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr,
                           T* c, size_t ldc, bool accumulate);

}  // namespace blasnet
