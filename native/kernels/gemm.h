// Matrix products: cblas_dgemm and cblas_sgemm, on row-major matrices.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

enum class Transpose : bool { kNo = false, kYes = true };

// C (m, n) = alpha * op(A) (m, k) * op(B) (k, n) + beta * C.
// A is (m, k), or (k, m) if transposed; B is (k, n), or (n, k) if transposed. lda, ldb and ldc are the
// distances between their rows. With beta = 0, C is written without being read. Every size must fit an int.
// If k is 0, the result is beta * C.
template <typename T>
void Gemm(Transpose transpose_a, Transpose transpose_b, size_t m, size_t n, size_t k, T alpha, const T* a,
          size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc);

// C = alpha * op(A) op(B) + beta * C for matrices without gaps between their rows.
template <typename T>
void Gemm(Transpose transpose_a, Transpose transpose_b, size_t m, size_t n, size_t k, T alpha, const T* a,
          const T* b, T beta, T* c) {
  Gemm(transpose_a, transpose_b, m, n, k, alpha, a, transpose_a == Transpose::kYes ? m : k, b,
       transpose_b == Transpose::kYes ? k : n, beta, c, n);
}

// Layers with at least this many weights are faster by Gemm than by our own products. On x86, none is: on an
// AMD EPYC (Zen 4, AVX-512), a layer of 2048 x 2048 by packed.h reaches 92 to 96 % of the FMA limit, and
// OpenBLAS 0.3.21 80 to 84 %. Elsewhere the own products were not measured against a CBLAS for such layers,
// and Apple's Accelerate uses units of the processor that they cannot use.
#if defined(__x86_64__) || defined(_M_X64)
inline constexpr size_t kGemmWeights = SIZE_MAX;
#else
inline constexpr size_t kGemmWeights = 1'500'000;
#endif

// The library behind Gemm, in its own words.
const char* BlasDescription();

// The processor type whose kernels OpenBLAS has chosen; "" for other libraries.
const char* BlasCore();

}  // namespace blasnet
