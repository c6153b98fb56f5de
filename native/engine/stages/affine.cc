#include "engine/stages/affine.h"

#include <algorithm>

#include "engine/tile_split.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/packed.h"

namespace blasnet {
namespace {

// Layers with at least this many weights, and as many outputs, read their operands so often that they use the
// kernels of packed.h.
constexpr size_t kWideWeights = 65'536;
constexpr size_t kWideOutputs = 64;

}  // namespace

template <typename T>
bool AffineStage<T>::ForBlas() const {
  return layer_.inputs * layer_.outputs >= kGemmWeights;
}

template <typename T>
bool AffineStage<T>::Wide() const {
  return layer_.outputs >= kWideOutputs && layer_.inputs * layer_.outputs >= kWideWeights;
}

template <typename T>
void AffineStage<T>::FuseWith(ActivateStage<T>* after, ActivateStage<T>* before) {
  if (ForBlas()) return;
  if (after != nullptr && after->IsRelu()) relu_after_ = after;
  if (before != nullptr && before->IsRelu()) {
    relu_before_ = before;
    before->FuseBackward(true);
  }
}

template <typename T>
void AffineStage<T>::Prepare(const TileSamples& at) {
  this->out_->values = sums_.Reserve(layer_.outputs * at.capacity);
  applies_relu_ = relu_after_ != nullptr && relu_after_->ActsIn(at.pass);
  if (relu_after_ != nullptr) relu_after_->FuseForward(applies_relu_);
}

// Products write whole vectors, so that a head's last vector reaches into the next head's columns. These come
// later, and write them again.
template <typename T>
void AffineStage<T>::Forward(const TileSamples& at, size_t from, size_t to) {
  for (size_t head = 0; head < layer_.heads; head++) HeadForward(at, head, from, to);
}

template <typename T>
RowLayer<T> AffineStage<T>::ForOneRow() const {
  return {parameters_ + layer_.weights,
          parameters_ + layer_.bias,
          layer_.inputs,
          layer_.outputs,
          applies_relu_,
          this->out_->values};
}

template <typename T>
void AffineStage<T>::HeadForward(const TileSamples& at, size_t head, size_t from, size_t to) {
  const size_t in = layer_.inputs, rows = to - from, m = at.m / layer_.heads, ld = at.ld;
  const T* w = parameters_ + layer_.weights + (head * layer_.outputs + from) * in;
  const T* b = parameters_ + layer_.bias + head * layer_.outputs + from;
  const T* samples = this->in_->by_sample;
  const T* units = this->in_->values + head * m;
  T* z = this->out_->values + from * ld + head * m;
  ProductOptions<T> options;
  options.bias = b;
  if (applies_relu_) options.epilogue = Epilogue::kRelu;
  if (ForBlas()) {
    for (size_t i = 0; i < rows; i++) std::fill_n(z + i * ld, m, b[i]);
    if (samples != nullptr) {
      Gemm(Transpose::kNo, Transpose::kYes, rows, m, in, T{1}, w, in, samples, in, T{1}, z, ld);
    } else {
      Gemm(Transpose::kNo, Transpose::kNo, rows, m, in, T{1}, w, in, units, ld, T{1}, z, ld);
    }
  } else if (samples != nullptr) {
    DotProducts(rows, m, in, w, in, samples, in, z, ld, options);
  } else if (Wide()) {
    WideProduct(rows, m, in, Strided<T>{w, in, 1}, units, ld, z, ld, options);
  } else {
    Product(rows, m, in, Strided<T>{w, in, 1}, units, ld, z, ld, options);
  }
}

template <typename T>
void AffineStage<T>::WeightGradients(const TileSamples& at, size_t from, size_t to, bool accumulate,
                                     T* gradients) const {
  for (size_t head = 0; head < layer_.heads; head++) HeadGradients(at, head, from, to, accumulate, gradients);
}

// The rows of many members are cut into parts, so that no sum is longer than that of other tiles.
template <typename T>
void AffineStage<T>::HeadGradients(const TileSamples& at, size_t head, size_t from, size_t to,
                                   bool accumulate, T* gradients) const {
  const size_t in = layer_.inputs, out = layer_.outputs, m = at.m / layer_.heads;
  T* dw = gradients + layer_.weights + head * out * in + from;
  T* db = from == 0 ? gradients + layer_.bias + head * out : nullptr;
  for (size_t start = 0; start < m; start += kSweepRows) {
    PartGradients(at.ld, from, to, head * m + start, std::min(m - start, kSweepRows), accumulate || start > 0,
                  dw, in, db);
  }
}

// The gradients of samples column .. column + m.  dw (out, to - from), rows `ldw` apart  db (out) or null
template <typename T>
void AffineStage<T>::PartGradients(size_t ld, size_t from, size_t to, size_t column, size_t m,
                                   bool accumulate, T* dw, size_t ldw, T* db) const {
  const size_t in = layer_.inputs, out = layer_.outputs, cols = to - from;
  const T* dz = this->out_->gradients + column;
  if (this->in_->by_sample != nullptr) {
    const T* samples = this->in_->by_sample + column * in + from;
    if (ForBlas()) {
      Gemm(Transpose::kNo, Transpose::kNo, out, cols, m, T{1}, dz, ld, samples, in, accumulate ? T{1} : T{0},
           dw, ldw);
    } else {
      ProductUnpadded(out, cols, m, Strided<T>{dz, ld, 1}, samples, in, dw, ldw, accumulate);
    }
  } else {
    const T* units = this->in_->values + from * ld + column;
    if (ForBlas()) {
      Gemm(Transpose::kNo, Transpose::kYes, out, cols, m, T{1}, dz, ld, units, ld, accumulate ? T{1} : T{0},
           dw, ldw);
    } else if (Wide()) {
      WideProductTransposed(out, cols, m, dz, ld, units, ld, dw, ldw, accumulate);
    } else {
      ProductTransposed(out, cols, m, dz, ld, units, ld, dw, ldw, accumulate);
    }
  }
  if (db != nullptr) RowSums(out, m, dz, ld, accumulate, db);
}

// As in Forward, later heads write again what earlier ones wrote beyond their columns. They would add to it
// if the input forked; that of the last layer, the only one with heads, never does.
template <typename T>
void AffineStage<T>::Backward(const TileSamples& at, size_t from, size_t to, bool, T*) {
  for (size_t head = 0; head < layer_.heads; head++) HeadBackward(at, head, from, to);
}

template <typename T>
void AffineStage<T>::HeadBackward(const TileSamples& at, size_t head, size_t from, size_t to) {
  const size_t in = layer_.inputs, out = layer_.outputs, rows = to - from, ld = at.ld;
  const size_t m = at.m / layer_.heads;
  const T* w = parameters_ + layer_.weights + head * out * in + from;
  const T* dz = this->out_->gradients + head * m;
  T* d = input_->gradients + from * ld + head * m;
  if (ForBlas()) {
    const T beta = input_->forks ? T{1} : T{0};
    Gemm(Transpose::kYes, Transpose::kNo, rows, m, out, T{1}, w, in, dz, ld, beta, d, ld);
    return;
  }
  ProductOptions<T> options;
  options.accumulate = input_->forks;
  if (relu_before_ != nullptr) {
    options.epilogue = Epilogue::kReluGradient;
    options.relu = relu_before_->Output().values + from * ld + head * m;
  }
  if (Wide()) {
    WideProduct(rows, m, out, Strided<T>{w, 1, in}, dz, ld, d, ld, options);
  } else {
    Product(rows, m, out, Strided<T>{w, 1, in}, dz, ld, d, ld, options);
  }
}

template class AffineStage<double>;
template class AffineStage<float>;

}  // namespace blasnet
