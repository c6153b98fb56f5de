#include "engine/tile.h"

#include <algorithm>

#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/losses.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// From how many features on the first layer reads X as it comes: below, turning X round is cheaper than
// products of rows so short.
constexpr size_t kWideInput = 96;

// From how many weights on a layer is left to CBLAS, which packs its operands. Measured on square layers: at
// 1 million weights the register blocks are 4 to 14 % ahead on AVX-512, at 4 million the two are level.
constexpr size_t kManyWeights = 1'500'000;

bool ForBlas(const Layer& layer) { return layer.inputs * layer.outputs >= kManyWeights; }

}  // namespace

template <typename T>
T* Workspace<T>::Reserve(size_t size) {
  constexpr size_t kLine = 64 / sizeof(T);
  if (storage_.size() < size + kLine) {
    storage_.assign(size + kLine, T{0});
    const size_t offset = reinterpret_cast<uintptr_t>(storage_.data()) / sizeof(T) % kLine;
    data_ = storage_.data() + (kLine - offset) % kLine;
  }
  return data_;
}

template <typename T>
Tile<T>::Tile(const std::vector<Layer>& layers, size_t most_samples)
    : layers_(layers), ld_(PaddedSize<T>(most_samples)), activations_(layers.size()), inputs_(layers.size()) {
  // An even number of cache lines between rows would put every other row's line into the same cache sets.
  if (ld_ / PaddedSize<T>(1) % 2 == 0) ld_ += PaddedSize<T>(1);
  for (size_t l = 0; l < layers.size(); l++) {
    activations_[l].Reserve(layers[l].outputs * ld_);
    if (NeedsInputs(layers[l].activation)) inputs_[l].Reserve(layers[l].outputs * ld_);
    widest_ = std::max(widest_, layers[l].outputs);
  }
}

template <typename T>
bool Tile<T>::ReadsRows(size_t l) const {
  return l == 0 && Inputs() >= kWideInput;
}

template <typename T>
void Tile<T>::Load(const T* x, const T* y, const uint32_t* order, size_t row, size_t m) {
  m_ = m;
  const size_t in = Inputs();
  const auto sample = [&](size_t i) { return order == nullptr ? row + i : order[row + i]; };
  if (!ReadsRows(0)) {
    T* input = input_.Reserve(in * ld_);
    for (size_t i = 0; i < m; i++) {
      const T* features = x + sample(i) * in;
      for (size_t j = 0; j < in; j++) input[j * ld_ + i] = features[j];
    }
  } else if (order == nullptr) {
    rows_ = x + row * in;
  } else {
    T* gathered = gathered_.Reserve(m * in);
    for (size_t i = 0; i < m; i++) std::copy_n(x + sample(i) * in, in, gathered + i * in);
    rows_ = gathered;
  }
  if (y == nullptr) return;
  const size_t out = Outputs();
  T* labels = labels_.Reserve(out * ld_);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < out; j++) labels[j * ld_ + i] = y[sample(i) * out + j];
  }
}

template <typename T>
void Tile<T>::Forward(size_t l, const T* parameters, size_t from, size_t to, bool activate_last) {
  const Layer& layer = layers_[l];
  const size_t in = layer.inputs, rows = to - from;
  const T* w = parameters + layer.weights + from * in;
  const T* b = parameters + layer.bias + from;
  T* a = activations_[l].data() + from * ld_;
  const bool activate = l + 1 < layers_.size() || activate_last;
  bool activated = false;
  if (ForBlas(layer)) {
    for (size_t i = 0; i < rows; i++) std::fill_n(a + i * ld_, m_, b[i]);
    const Transpose transpose = ReadsRows(l) ? Transpose::kYes : Transpose::kNo;
    const T* input = ReadsRows(l) ? rows_ : InputOf(l);
    Gemm(Transpose::kNo, transpose, rows, m_, in, T{1}, w, in, input, ReadsRows(l) ? in : ld_, T{1}, a, ld_);
  } else if (ReadsRows(l)) {
    DotProducts(rows, m_, in, w, in, rows_, in, b, false, a, ld_);
  } else {
    ProductOptions<T> options;
    options.bias = b;
    activated = activate && layer.activation == Activation::kRelu;
    if (activated) options.epilogue = Epilogue::kRelu;
    Product(rows, m_, in, Strided<T>{w, in, 1}, InputOf(l), ld_, a, ld_, options);
  }
  if (activate && !activated && !AcrossUnits(layer.activation)) Activate(l, from, to);
}

template <typename T>
void Tile<T>::Activate(size_t l, size_t from, size_t to) {
  const Activation activation = layers_[l].activation;
  T* a = activations_[l].data() + from * ld_;
  if (NeedsInputs(activation)) std::copy_n(a, (to - from) * ld_, inputs_[l].data() + from * ld_);
  ActivationForward(activation, static_cast<T>(DefaultAlpha(activation)), SampleAxis::kColumns, ld_,
                    to - from, a, a);
}

template <typename T>
void Tile<T>::FinishForward(size_t l, bool activate_last) {
  const Layer& layer = layers_[l];
  if (!AcrossUnits(layer.activation) || (l + 1 == layers_.size() && !activate_last)) return;
  Activate(l, 0, layer.outputs);
}

template <typename T>
void Tile<T>::Lose(Loss loss, T scale, bool gradient, Totals* totals) {
  const size_t last = layers_.size() - 1, out = Outputs();
  const Layer& layer = layers_[last];
  T* z = activations_[last].data();
  const T* y = labels_.data();
  T* dz = nullptr;
  if (gradient) {
    for (Workspace<T>& delta : deltas_) delta.Reserve(widest_ * ld_);
    dz = Delta(last);
  }
  if (!FromLogits(loss)) Activate(last, 0, out);
  const T* no_weights = nullptr;
  *totals = LossOf({loss}, z, y, no_weights, m_, out, ld_, scale, dz);
  if (gradient && !FromLogits(loss)) {
    ActivationBackward(layer.activation, static_cast<T>(DefaultAlpha(layer.activation)), SampleAxis::kColumns,
                       ld_, out, dz, inputs_[last].data(), z, dz);
  }
}

template <typename T>
void Tile<T>::Gradients(size_t l, size_t from, size_t to, bool accumulate, T* gradients) {
  const Layer& layer = layers_[l];
  const size_t in = layer.inputs, rows = to - from;
  const T* dz = Delta(l) + from * ld_;
  T* dw = gradients + layer.weights + from * in;
  if (ForBlas(layer)) {
    const Transpose transpose = ReadsRows(l) ? Transpose::kNo : Transpose::kYes;
    const T* input = ReadsRows(l) ? rows_ : InputOf(l);
    Gemm(Transpose::kNo, transpose, rows, in, m_, T{1}, dz, ld_, input, ReadsRows(l) ? in : ld_,
         accumulate ? T{1} : T{0}, dw, in);
  } else if (ReadsRows(l)) {
    ProductUnpadded(rows, in, m_, Strided<T>{dz, ld_, 1}, rows_, in, dw, in, accumulate);
  } else {
    DotProducts(rows, in, m_, dz, ld_, InputOf(l), ld_, static_cast<const T*>(nullptr), accumulate, dw, in);
  }
  RowSums(rows, m_, dz, ld_, accumulate, gradients + layer.bias + from);
}

template <typename T>
void Tile<T>::InputGradient(size_t l, const T* parameters, size_t from, size_t to) {
  const Layer& layer = layers_[l];
  const size_t in = layer.inputs, out = layer.outputs, rows = to - from;
  const Activation activation = layers_[l - 1].activation;
  const T* w = parameters + layer.weights + from;
  const T* dz = Delta(l);
  const T* a = InputOf(l) + from * ld_;
  T* da = Delta(l - 1) + from * ld_;
  bool derived = false;
  if (ForBlas(layer)) {
    Gemm(Transpose::kYes, Transpose::kNo, rows, m_, out, T{1}, w, in, dz, ld_, T{0}, da, ld_);
  } else {
    ProductOptions<T> options;
    derived = activation == Activation::kRelu;
    if (derived) {
      options.epilogue = Epilogue::kReluGradient;
      options.relu = a;
    }
    Product(rows, m_, out, Strided<T>{w, 1, in}, dz, ld_, da, ld_, options);
  }
  if (!derived && !AcrossUnits(activation)) {
    const T* z = NeedsInputs(activation) ? inputs_[l - 1].data() + from * ld_ : nullptr;
    const T alpha = static_cast<T>(DefaultAlpha(activation));
    ActivationBackward(activation, alpha, SampleAxis::kColumns, ld_, rows, da, z, a, da);
  }
}

template <typename T>
void Tile<T>::FinishBackward(size_t l) {
  const Layer& before = layers_[l - 1];
  if (!AcrossUnits(before.activation)) return;
  T* da = Delta(l - 1);
  const T* no_inputs = nullptr;
  ActivationBackward(before.activation, static_cast<T>(DefaultAlpha(before.activation)), SampleAxis::kColumns,
                     ld_, before.outputs, da, no_inputs, InputOf(l), da);
}

template <typename T>
void Tile<T>::Store(T* out) const {
  const T* a = activations_.back().data();
  const size_t outputs = Outputs();
  for (size_t i = 0; i < m_; i++) {
    for (size_t j = 0; j < outputs; j++) out[i * outputs + j] = a[j * ld_ + i];
  }
}

template <typename T>
size_t Tile<T>::FirstBadLayer() const {
  for (size_t l = 0; l < layers_.size(); l++) {
    for (size_t j = 0; j < layers_[l].outputs; j++) {
      if (FirstNonFinite(activations_[l].data() + j * ld_, m_) != m_) return l;
    }
  }
  return layers_.size() - 1;
}

template class Workspace<double>;
template class Workspace<float>;
template class Tile<double>;
template class Tile<float>;

}  // namespace blasnet
