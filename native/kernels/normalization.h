// Batch and layer normalisation. A row is a unit, a column is a sample: arrays are (units, m), with a
// distance of ld >= m between rows. If columns are normalised, rows are padded to whole vectors (see
// PaddedSize).
//
//   normalized = (x - mean) * inverse,  out = gamma * normalized + beta
//
// gamma, beta, dgamma, dbeta (units).
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// The normalisation of a layer's Z, before the activation. JavaScript passes it as its number.
enum class Normalization : int32_t { kNone = 0, kBatch = 1, kLayer = 2 };
inline constexpr const char* kNormalizationNames[] = {"none", "batch", "layer"};

// The mean and variance (divided by m) of each row (Ioffe and Szegedy, 2015). The mean is mean[i] + rest[i]:
// T may be too short for it.
template <typename T>
void RowMoments(size_t units, size_t m, size_t ld, const T* x, T* mean, T* rest, T* variance);

// inverse[i] = 1 / sqrt(variance[i] + epsilon)
template <typename T>
void InverseDeviations(size_t units, const T* variance, T epsilon, T* inverse);

// Normalises each row with its mean, mean[i] + rest[i], and inverse. rest: null means 0. `normalized` may be
// x, and `out` may be any of them.
template <typename T>
void NormalizeRows(size_t units, size_t m, size_t ld, const T* x, const T* mean, const T* rest,
                   const T* inverse, const T* gamma, const T* beta, T* normalized, T* out);

// The gradients of each row's gamma and beta, of which d is that of `out`: the sums of d * normalized, and of
// d.
template <typename T>
void RowGradients(size_t units, size_t m, size_t ld, const T* d, const T* normalized, double* by_gamma,
                  double* by_beta);

// Turns d from the gradient of `out` into the gradient of x. mean_gamma, mean_beta (units): RowGradients over
// all samples from which the mean and variance were computed, divided by their number, so that gradients pass
// through them, too; null: they were not computed from x.
template <typename T>
void NormalizeRowsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                           const T* gamma, const T* mean_gamma, const T* mean_beta, T* d);

// Normalises each column with its own mean and variance (Ba, Kiros and Hinton, 2016). Writes `inverse` (ld).
template <typename T>
void NormalizeColumns(size_t units, size_t m, size_t ld, const T* x, T epsilon, const T* gamma, const T* beta,
                      T* normalized, T* inverse, T* out);

template <typename T>
void NormalizeColumnsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                              const T* gamma, bool accumulate, T* d, T* dgamma, T* dbeta);

}  // namespace blasnet
