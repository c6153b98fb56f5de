#include "engine/tile.h"

#include <algorithm>

#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/normalization.h"
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

// The distance between rows of so many samples. An even number of cache lines would put every other row's
// line into the same cache sets.
template <typename T>
size_t RowLength(size_t samples) {
  constexpr size_t kLine = PaddedSize<T>(1);
  const size_t length = PaddedSize<T>(samples);
  return length / kLine % 2 == 0 ? length + kLine : length;
}

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
Tile<T>::Tile(const std::vector<Layer>& layers, Loss loss, const T* parameters, const T* statistics,
              size_t most_samples)
    : layers_(layers),
      loss_(loss),
      parameters_(parameters),
      statistics_(statistics),
      capacity_(RowLength<T>(most_samples)),
      values_(layers.size()) {
  for (const Layer& layer : layers) widest_ = std::max(widest_, layer.outputs);
}

template <typename T>
bool Tile<T>::ReadsRows(size_t l) const {
  return l == 0 && Inputs() >= kWideInput && layers_[0].noise == 0;
}

template <typename T>
bool Tile<T>::NeedsAllUnits(size_t l) const {
  return layers_[l].normalization == Normalization::kLayer ||
         (Activates(l) && ::blasnet::NeedsAllUnits(layers_[l].activation));
}

template <typename T>
bool Tile<T>::DerivesInProduct(size_t l) const {
  return layers_[l].activation == Activation::kRelu && !ForBlas(layers_[l + 1]);
}

template <typename T>
const T* Tile<T>::InputOf(size_t l) const {
  if (Noisy(l)) return values_[l].input.data();
  return l == 0 ? input_.data() : OutputOf(l - 1);
}

template <typename T>
T* Tile<T>::SumsOf(size_t l) {
  return (NeedsInputs(layers_[l].activation) ? values_[l].sums : values_[l].activations).data();
}

// All that the pass writes to, here and not where it is needed: there several threads are at work.
template <typename T>
void Tile<T>::Reserve() {
  for (size_t l = 0; l < layers_.size(); l++) {
    const Layer& layer = layers_[l];
    Values& values = values_[l];
    const size_t size = layer.outputs * capacity_;
    values.activations.Reserve(size);
    if (NeedsInputs(layer.activation)) values.sums.Reserve(size);
    if (Noisy(l)) values.input.Reserve(layer.inputs * capacity_);
    if (Drops(l)) {
      values.mask.Reserve(size);
      values.output.Reserve(size);
    }
    if (layer.normalization == Normalization::kNone) continue;
    values.normalized.Reserve(size);
    values.inverse.Reserve(std::max(layer.outputs, capacity_));
    if (layer.NormalizesBatches()) {
      values.mean.Reserve(layer.outputs);
      values.variance.Reserve(layer.outputs);
    }
  }
}

template <typename T>
void Tile<T>::Load(const Source<T>& source, size_t row, size_t m, const Pass& pass, size_t first) {
  m_ = m;
  ld_ = RowLength<T>(m);
  pass_ = pass;
  first_ = first;
  Reserve();
  const size_t in = Inputs();
  const uint32_t* order = source.order == nullptr ? nullptr : source.order + row;
  const auto sample = [&](size_t i) { return order == nullptr ? row + i : order[i]; };
  if (!ReadsRows(0)) {
    T* input = input_.Reserve(in * capacity_);
    for (size_t i = 0; i < m; i++) {
      const T* features = source.x + sample(i) * in;
      for (size_t j = 0; j < in; j++) input[j * ld_ + i] = features[j];
    }
    if (Noisy(0)) {
      const RandomKey key = SubKey(pass_.key, 0, 1);
      T* noisy = values_[0].input.data();
      for (size_t j = 0; j < in; j++) {
        AddNoise(key, static_cast<uint32_t>(j), first_, m, static_cast<T>(layers_[0].noise), input + j * ld_,
                 noisy + j * ld_);
      }
    }
  } else if (order == nullptr) {
    rows_ = source.x + row * in;
  } else {
    T* gathered = gathered_.Reserve(m * in);
    for (size_t i = 0; i < m; i++) std::copy_n(source.x + sample(i) * in, in, gathered + i * in);
    rows_ = gathered;
  }
  if (source.y != nullptr) LoadLabels(source, row);
}

template <typename T>
void Tile<T>::LoadLabels(const Source<T>& source, size_t row) {
  const auto sample = [&](size_t i) { return source.order == nullptr ? row + i : source.order[row + i]; };
  if (TakesClasses(loss_)) {
    const int32_t* classes = static_cast<const int32_t*>(source.y);
    T* labels = labels_.Reserve(capacity_);
    for (size_t i = 0; i < m_; i++) labels[i] = static_cast<T>(classes[sample(i)]);
  } else {
    const size_t out = Outputs();
    const T* y = static_cast<const T*>(source.y);
    T* labels = labels_.Reserve(out * capacity_);
    for (size_t i = 0; i < m_; i++) {
      const T* outputs = y + sample(i) * out;
      for (size_t j = 0; j < out; j++) labels[j * ld_ + i] = outputs[j];
    }
  }
  weighted_ = source.weights != nullptr;
  if (!weighted_) return;
  T* weights = weights_.Reserve(capacity_);
  for (size_t i = 0; i < m_; i++) weights[i] = source.weights[sample(i)];
}

template <typename T>
void Tile<T>::Forward(size_t l, size_t from, size_t to) {
  const Layer& layer = layers_[l];
  const size_t in = layer.inputs, rows = to - from;
  const T* w = parameters_ + layer.weights + from * in;
  const T* b = parameters_ + layer.bias + from;
  const bool normalized = layer.normalization != Normalization::kNone;
  T* z = (normalized ? values_[l].normalized.data() : SumsOf(l)) + from * ld_;
  bool activated = false;
  if (ForBlas(layer)) {
    for (size_t i = 0; i < rows; i++) std::fill_n(z + i * ld_, m_, b[i]);
    const Transpose transpose = ReadsRows(l) ? Transpose::kYes : Transpose::kNo;
    const T* input = ReadsRows(l) ? rows_ : InputOf(l);
    Gemm(Transpose::kNo, transpose, rows, m_, in, T{1}, w, in, input, ReadsRows(l) ? in : ld_, T{1}, z, ld_);
  } else if (ReadsRows(l)) {
    DotProducts(rows, m_, in, w, in, rows_, in, b, false, z, ld_);
  } else {
    ProductOptions<T> options;
    options.bias = b;
    activated = Activates(l) && !normalized && layer.activation == Activation::kRelu;
    if (activated) options.epilogue = Epilogue::kRelu;
    Product(rows, m_, in, Strided<T>{w, in, 1}, InputOf(l), ld_, z, ld_, options);
  }
  if (layer.NormalizesBatches()) NormalizeUnits(l, from, to);
  if (!NeedsAllUnits(l)) Activate(l, from, to, activated);
}

template <typename T>
void Tile<T>::NormalizeUnits(size_t l, size_t from, size_t to) {
  const Layer& layer = layers_[l];
  const size_t units = to - from;
  Values& values = values_[l];
  T* normalized = values.normalized.data() + from * ld_;
  const T* mean = statistics_ + layer.mean + from;
  const T* variance = statistics_ + layer.variance + from;
  if (pass_.learning && layer.UsesBatchMoments()) {
    mean = values.mean.data() + from;
    variance = values.variance.data() + from;
    RowMoments(units, m_, ld_, normalized, values.mean.data() + from, values.variance.data() + from);
  }
  T* inverse = values.inverse.data() + from;
  InverseDeviations(units, variance, layer.template Epsilon<T>(), inverse);
  NormalizeRows(units, m_, ld_, normalized, mean, inverse, parameters_ + layer.gamma + from,
                parameters_ + layer.beta + from, normalized, SumsOf(l) + from * ld_);
}

template <typename T>
void Tile<T>::FinishForward(size_t l) {
  if (!NeedsAllUnits(l)) return;
  const Layer& layer = layers_[l];
  if (layer.normalization == Normalization::kLayer) {
    Values& values = values_[l];
    T* normalized = values.normalized.data();
    NormalizeColumns(layer.outputs, m_, ld_, normalized, layer.template Epsilon<T>(),
                     parameters_ + layer.gamma, parameters_ + layer.beta, normalized, values.inverse.data(),
                     SumsOf(l));
  }
  Activate(l, 0, layer.outputs, false);
}

template <typename T>
void Tile<T>::Activate(size_t l, size_t from, size_t to, bool activated) {
  const Layer& layer = layers_[l];
  Values& values = values_[l];
  const size_t rows = to - from;
  T* a = values.activations.data() + from * ld_;
  if (!Activates(l)) return;
  if (!activated) {
    ActivationForward(layer.activation, AlphaOf(l), SampleAxis::kColumns, ld_, rows, SumsOf(l) + from * ld_,
                      a);
  }
  if (IsLast(l)) return;
  if (Drops(l)) {
    const RandomKey key = SubKey(pass_.key, 0, static_cast<uint32_t>(2 * l));
    const T scale = static_cast<T>(1 / (1 - layer.dropout));
    for (size_t i = from; i < to; i++) {
      T* mask = values.mask.data() + i * ld_;
      DropoutMask(key, static_cast<uint32_t>(i), first_, m_, layer.dropout, scale, mask);
    }
    ApplyMask(rows * ld_, values.mask.data() + from * ld_, a, values.output.data() + from * ld_);
  }
  if (Noisy(l + 1)) {
    const RandomKey key = SubKey(pass_.key, 0, static_cast<uint32_t>(2 * l + 3));
    for (size_t i = from; i < to; i++) {
      AddNoise(key, static_cast<uint32_t>(i), first_, m_, static_cast<T>(layers_[l + 1].noise),
               OutputOf(l) + i * ld_, values_[l + 1].input.data() + i * ld_);
    }
  }
}

template <typename T>
void Tile<T>::ComputeLoss(const LossSpec& loss, T scale, bool gradient, Totals* totals) {
  const size_t last = layers_.size() - 1, out = Outputs();
  const Layer& layer = layers_[last];
  T* a = values_[last].activations.data();
  const T* z = SumsOf(last);
  T* dz = nullptr;
  if (gradient) {
    for (Workspace<T>& delta : deltas_) delta.Reserve(widest_ * capacity_);
    dz = Delta(last);
  }
  const bool activated = !FromLogits(loss.loss);
  if (activated) {
    ActivationForward(layer.activation, AlphaOf(last), SampleAxis::kColumns, ld_, out, z, a);
    z = a;
  }
  *totals = blasnet::ComputeLoss(loss, z, static_cast<const T*>(labels_.data()),
                                 static_cast<const T*>(weighted_ ? weights_.data() : nullptr), m_, out, ld_,
                                 scale, dz);
  if (activated && gradient) {
    ActivationBackward(layer.activation, AlphaOf(last), SampleAxis::kColumns, ld_, out, dz, SumsOf(last), a,
                       dz);
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
void Tile<T>::InputGradient(size_t l, size_t from, size_t to, bool accumulate, T* gradients) {
  const Layer& layer = layers_[l];
  const size_t in = layer.inputs, out = layer.outputs, rows = to - from;
  const T* w = parameters_ + layer.weights + from;
  const T* dz = Delta(l);
  T* da = Delta(l - 1) + from * ld_;
  if (ForBlas(layer)) {
    Gemm(Transpose::kYes, Transpose::kNo, rows, m_, out, T{1}, w, in, dz, ld_, T{0}, da, ld_);
  } else {
    ProductOptions<T> options;
    if (DerivesInProduct(l - 1)) {
      options.epilogue = Epilogue::kReluGradient;
      options.relu = values_[l - 1].activations.data() + from * ld_;
    }
    Product(rows, m_, out, Strided<T>{w, 1, in}, dz, ld_, da, ld_, options);
  }
  if (!NeedsAllUnits(l - 1)) Deactivate(l - 1, from, to, DerivesInProduct(l - 1), accumulate, gradients);
}

template <typename T>
void Tile<T>::FinishBackward(size_t l, bool accumulate, T* gradients) {
  if (!NeedsAllUnits(l - 1)) return;
  Deactivate(l - 1, 0, layers_[l - 1].outputs, DerivesInProduct(l - 1), accumulate, gradients);
}

template <typename T>
void Tile<T>::Deactivate(size_t l, size_t from, size_t to, bool derived, bool accumulate, T* gradients) {
  const Layer& layer = layers_[l];
  Values& values = values_[l];
  const size_t rows = to - from, start = from * ld_;
  T* d = Delta(l) + start;
  if (Drops(l)) ApplyMask(rows * ld_, values.mask.data() + start, d, d);
  if (!derived) {
    ActivationBackward(layer.activation, AlphaOf(l), SampleAxis::kColumns, ld_, rows, d, SumsOf(l) + start,
                       values.activations.data() + start, d);
  }
  const T* normalized = values.normalized.data() + start;
  const T* gamma = parameters_ + layer.gamma + from;
  T* dgamma = gradients + layer.gamma + from;
  T* dbeta = gradients + layer.beta + from;
  switch (layer.normalization) {
    case Normalization::kNone:
      return;
    case Normalization::kBatch:
      return NormalizeRowsBackward(rows, m_, ld_, normalized, values.inverse.data() + from, gamma,
                                   pass_.learning && layer.UsesBatchMoments(), accumulate, d, dgamma, dbeta);
    case Normalization::kLayer:
      return NormalizeColumnsBackward(rows, m_, ld_, normalized, values.inverse.data(), gamma, accumulate, d,
                                      dgamma, dbeta);
  }
}

template <typename T>
void Tile<T>::UpdateStatistics(T* statistics) const {
  for (size_t l = 0; l < layers_.size(); l++) {
    const Layer& layer = layers_[l];
    if (!layer.UsesBatchMoments()) continue;
    const T share = static_cast<T>(layer.momentum);
    // Of a single sample there is nothing to estimate a variance by: 0 it is, as computed.
    const T unbiased = m_ > 1 ? static_cast<T>(m_) / static_cast<T>(m_ - 1) : T{1};
    for (size_t i = 0; i < layer.outputs; i++) {
      T& mean = statistics[layer.mean + i];
      T& variance = statistics[layer.variance + i];
      mean += share * (values_[l].mean.data()[i] - mean);
      variance += share * (values_[l].variance.data()[i] * unbiased - variance);
    }
  }
}

template <typename T>
void Tile<T>::Store(T* out) const {
  const T* a = values_.back().activations.data();
  const size_t outputs = Outputs();
  for (size_t i = 0; i < m_; i++) {
    for (size_t j = 0; j < outputs; j++) out[i * outputs + j] = a[j * ld_ + i];
  }
}

template <typename T>
size_t Tile<T>::FirstBadLayer() const {
  for (size_t l = 0; l < layers_.size(); l++) {
    for (size_t j = 0; j < layers_[l].outputs; j++) {
      if (FirstNonFinite(values_[l].activations.data() + j * ld_, m_) != m_) return l;
    }
  }
  return layers_.size() - 1;
}

template class Workspace<double>;
template class Workspace<float>;
template class Tile<double>;
template class Tile<float>;

}  // namespace blasnet
