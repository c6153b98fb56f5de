#include "kernels/layer.h"

#include <algorithm>

#include "kernels/gemm.h"

namespace blasnet {
namespace {

// db += alpha * the sum of the rows of dZ (m, out). Sums in double, one block of units at a time: a running
// sum of floats would lose digits with every row.
template <typename T>
void AddRowSums(size_t m, size_t out, T alpha, const T* dz, T* db) {
  constexpr size_t kBlock = 64;
  for (size_t start = 0; start < out; start += kBlock) {
    const size_t units = std::min(kBlock, out - start);
    double sums[kBlock] = {};
    for (size_t row = 0; row < m; row++) {
      const T* values = dz + row * out + start;
      for (size_t unit = 0; unit < units; unit++) sums[unit] += static_cast<double>(values[unit]);
    }
    for (size_t unit = 0; unit < units; unit++) db[start + unit] += alpha * static_cast<T>(sums[unit]);
  }
}

}  // namespace

// Fills Z with the bias, then adds the product: this saves a pass over Z.
template <typename T>
void LayerForward(SampleAxis axis, LayerShape shape, const T* x, const T* w, const T* b, T* z) {
  const auto [m, in, out] = shape;
  if (axis == SampleAxis::kRows) {
    for (size_t row = 0; row < m; row++) std::copy_n(b, out, z + row * out);
    Gemm(Transpose::kNo, Transpose::kYes, m, out, in, T{1}, x, w, T{1}, z);
  } else {
    for (size_t unit = 0; unit < out; unit++) std::fill_n(z + unit * m, m, b[unit]);
    Gemm(Transpose::kNo, Transpose::kNo, out, m, in, T{1}, w, x, T{1}, z);
  }
}

template <typename T>
void LayerGradients(SampleAxis axis, LayerShape shape, T alpha, const T* dz, const T* x, T* dw, T* db) {
  const auto [m, in, out] = shape;
  std::fill_n(db, out, T{0});
  if (axis == SampleAxis::kRows) {
    Gemm(Transpose::kYes, Transpose::kNo, out, in, m, alpha, dz, x, T{0}, dw);
    AddRowSums(m, out, alpha, dz, db);
  } else {
    Gemm(Transpose::kNo, Transpose::kYes, out, in, m, alpha, dz, x, T{0}, dw);
    for (size_t unit = 0; unit < out; unit++) {
      double sum = 0;
      for (size_t sample = 0; sample < m; sample++) sum += static_cast<double>(dz[unit * m + sample]);
      db[unit] += alpha * static_cast<T>(sum);
    }
  }
}

template <typename T>
void LayerInputGradient(SampleAxis axis, LayerShape shape, const T* dz, const T* w, T* dx) {
  const auto [m, in, out] = shape;
  if (axis == SampleAxis::kRows) {
    Gemm(Transpose::kNo, Transpose::kNo, m, in, out, T{1}, dz, w, T{0}, dx);
  } else {
    Gemm(Transpose::kYes, Transpose::kNo, in, m, out, T{1}, w, dz, T{0}, dx);
  }
}

template void LayerForward(SampleAxis, LayerShape, const double*, const double*, const double*, double*);
template void LayerForward(SampleAxis, LayerShape, const float*, const float*, const float*, float*);
template void LayerGradients(SampleAxis, LayerShape, double, const double*, const double*, double*, double*);
template void LayerGradients(SampleAxis, LayerShape, float, const float*, const float*, float*, float*);
template void LayerInputGradient(SampleAxis, LayerShape, const double*, const double*, double*);
template void LayerInputGradient(SampleAxis, LayerShape, const float*, const float*, float*);

}  // namespace blasnet
