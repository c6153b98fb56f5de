// Batch and layer normalisation. A unit is a row, a sample a column: arrays are (units, m), rows ld >= m
// apart, and, where columns are normalised, padded to whole vectors (see PaddedSize).
//
//   normalized = (x - mean) * inverse,  out = gamma * normalized + beta
//
// gamma, beta, dgamma, dbeta (units).
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// What a layer may do to its sums before the activation. JavaScript passes it as its number.
enum class Normalization : int32_t { kNone = 0, kBatch = 1, kLayer = 2 };
inline constexpr const char* kNormalizationNames[] = {"none", "batch", "layer"};

// The mean and variance (divided by m) of each row (Ioffe and Szegedy, 2015).
template <typename T>
void RowMoments(size_t units, size_t m, size_t ld, const T* x, T* mean, T* variance);

// inverse[i] = 1 / sqrt(variance[i] + epsilon)
template <typename T>
void InverseDeviations(size_t units, const T* variance, T epsilon, T* inverse);

// By a mean and an inverse of each row. `normalized` may be x, and `out` any of them.
template <typename T>
void NormalizeRows(size_t units, size_t m, size_t ld, const T* x, const T* mean, const T* inverse,
                   const T* gamma, const T* beta, T* normalized, T* out);

// Turns d from the gradient by `out` into that by x, and writes (or adds) dgamma and dbeta. `own_moments`:
// the mean and variance were x's, so that they have gradients, too.
template <typename T>
void NormalizeRowsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                           const T* gamma, bool own_moments, bool accumulate, T* d, T* dgamma, T* dbeta);

// By each column's own mean and variance (Ba, Kiros and Hinton, 2016). `inverse` (ld) is written.
template <typename T>
void NormalizeColumns(size_t units, size_t m, size_t ld, const T* x, T epsilon, const T* gamma, const T* beta,
                      T* normalized, T* inverse, T* out);

template <typename T>
void NormalizeColumnsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                              const T* gamma, bool accumulate, T* d, T* dgamma, T* dbeta);

}  // namespace blasnet
