#include "engine/stages/affine.h"

#include <algorithm>
#include <vector>

#include "engine/halves.h"
#include "engine/tile_split.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/optimizers.h"

namespace blasnet {
namespace {

// Layers with at least this many weights use CBLAS, which packs its operands. Measured on square layers with
// AVX-512: at 1 million weights the register blocks are 4 to 14 % faster, at 4 million both are equally fast.
constexpr size_t kManyWeights = 1'500'000;

}  // namespace

template <typename T>
bool AffineStage<T>::ForBlas() const {
  return layer_.inputs * layer_.outputs >= kManyWeights;
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
  if (at.Single()) {
    DotProducts(rows, 1, in, w, in, units, in, z, 1, options);
  } else if (ForBlas()) {
    for (size_t i = 0; i < rows; i++) std::fill_n(z + i * ld, m, b[i]);
    if (samples != nullptr) {
      Gemm(Transpose::kNo, Transpose::kYes, rows, m, in, T{1}, w, in, samples, in, T{1}, z, ld);
    } else {
      Gemm(Transpose::kNo, Transpose::kNo, rows, m, in, T{1}, w, in, units, ld, T{1}, z, ld);
    }
  } else if (samples != nullptr) {
    DotProducts(rows, m, in, w, in, samples, in, z, ld, options);
  } else {
    Product(rows, m, in, Strided<T>{w, in, 1}, units, ld, z, ld, options);
  }
}

template <typename T>
void AffineStage<T>::WeightGradients(const TileSamples& at, size_t from, size_t to, bool accumulate,
                                     T* gradients) const {
  for (size_t head = 0; head < layer_.heads; head++) HeadGradients(at, head, from, to, accumulate, gradients);
}

// A batch that is normalised as a whole is cut into parts, like other batches into tiles.
template <typename T>
void AffineStage<T>::HeadGradients(const TileSamples& at, size_t head, size_t from, size_t to,
                                   bool accumulate, T* gradients) const {
  const size_t in = layer_.inputs, rows = to - from, m = at.m / layer_.heads;
  T* dw = gradients + layer_.weights + (head * layer_.outputs + from) * in;
  T* db = gradients + layer_.bias + head * layer_.outputs + from;
  const size_t parts = Blocks(m, kSweepRows);
  const auto range = [&](size_t part, bool add, T* w, T* b) {
    const size_t start = part * kSweepRows;
    PartGradients(at.ld, from, to, head * m + start, std::min(m - start, kSweepRows), add, w, b);
  };
  if (parts <= kMostInTurn) {
    for (size_t part = 0; part < parts; part++) range(part, accumulate || part > 0, dw, db);
    return;
  }
  // dW (rows, in), then db (rows)
  std::vector<T> sums(rows * (in + 1));
  Halves<T> halves;
  SumByHalves(
      0, parts, false, sums.data(), sums.size(), &halves,
      [&](size_t part, bool add, T* out) { range(part, add, out, out + rows * in); },
      [&](T* out, const T* later) { AddTo(out, later, sums.size()); });
  if (!accumulate) {
    std::fill_n(dw, rows * in, T{0});
    std::fill_n(db, rows, T{0});
  }
  AddTo(dw, sums.data(), rows * in);
  AddTo(db, sums.data() + rows * in, rows);
}

// The gradients of columns column .. column + m.  dw (to - from, in)  db (to - from)
template <typename T>
void AffineStage<T>::PartGradients(size_t ld, size_t from, size_t to, size_t column, size_t m,
                                   bool accumulate, T* dw, T* db) const {
  const size_t in = layer_.inputs, rows = to - from;
  const T* samples = this->in_->by_sample == nullptr ? nullptr : this->in_->by_sample + column * in;
  const T* units = this->in_->values == nullptr ? nullptr : this->in_->values + column;
  const T* dz = this->out_->gradients + from * ld + column;
  if (ForBlas()) {
    const T beta = accumulate ? T{1} : T{0};
    if (samples != nullptr) {
      Gemm(Transpose::kNo, Transpose::kNo, rows, in, m, T{1}, dz, ld, samples, in, beta, dw, in);
    } else {
      Gemm(Transpose::kNo, Transpose::kYes, rows, in, m, T{1}, dz, ld, units, ld, beta, dw, in);
    }
  } else if (samples != nullptr) {
    ProductUnpadded(rows, in, m, Strided<T>{dz, ld, 1}, samples, in, dw, in, accumulate);
  } else {
    ProductOptions<T> options;
    options.accumulate = accumulate;
    DotProducts(rows, in, m, dz, ld, units, ld, dw, in, options);
  }
  RowSums(rows, m, dz, ld, accumulate, db);
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
  Product(rows, m, out, Strided<T>{w, 1, in}, dz, ld, d, ld, options);
}

template class AffineStage<double>;
template class AffineStage<float>;

}  // namespace blasnet
