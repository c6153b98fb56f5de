// Matrix products: cblas_dgemm and cblas_sgemm, on dense row-major matrices without gaps.
#pragma once

#include <cstddef>

namespace blasnet {

enum class Transpose : bool { kNo = false, kYes = true };

// C (m, n) = alpha * op(A) (m, k) * op(B) (k, n) + beta * C.
// A is (m, k), or (k, m) when transposed; B is (k, n), or (n, k). With beta = 0, C is written without being
// read. Every size must fit an int; an empty inner dimension leaves beta * C.
template <typename T>
void Gemm(Transpose transpose_a, Transpose transpose_b, size_t m, size_t n, size_t k, T alpha, const T* a,
          const T* b, T beta, T* c);

// The library behind Gemm, as it describes itself.
const char* BlasDescription();

}  // namespace blasnet
