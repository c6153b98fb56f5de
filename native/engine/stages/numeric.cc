#include "engine/stages/numeric.h"

#include <algorithm>

#include "engine/tile_split.h"
#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/vectors.h"
#include "kernels/waves.h"

namespace blasnet {
namespace {

constexpr double kTurn = 6.283185307179586;  // 2 pi

}  // namespace

template <typename T>
T* NumericStage<T>::Cosines(size_t column, size_t ld) const {
  return waves_.data() + column * numeric_.Waves() * ld;
}

template <typename T>
T* NumericStage<T>::Sines(size_t column, size_t ld) const {
  if (numeric_.HasSines()) return Cosines(column, ld) + numeric_.frequencies * ld;
  return sines_.data() + column * numeric_.frequencies * ld;
}

template <typename T>
void NumericStage<T>::Prepare(const TileSamples& at) {
  waves_.Reserve(numeric_.columns * numeric_.Waves() * at.capacity);
  this->out_->values = features_.Reserve(this->out_->units * at.capacity);
  if (!at.pass.GoesBack()) return;
  if (!numeric_.HasSines()) sines_.Reserve(numeric_.columns * numeric_.frequencies * at.capacity);
  d_waves_.Reserve(numeric_.Waves() * at.capacity);
  d_angles_.Reserve(numeric_.frequencies * at.capacity);
}

template <typename T>
void NumericStage<T>::Forward(const TileSamples& at, size_t, size_t) {
  const size_t m = at.m, ld = at.ld, frequencies = numeric_.frequencies, waves = numeric_.Waves();
  const size_t linear = numeric_.Linear();
  const bool wants_sines = numeric_.HasSines() || at.pass.GoesBack();
  T* out = this->out_->values;
  for (size_t column = 0; column < numeric_.columns; column++) {
    const T* x = input_->values + column * ld;
    for (size_t k = 0; k < frequencies; k++) {
      const size_t place = column * frequencies + k;
      const T phase = numeric_.HasPhases()
                          ? static_cast<T>(static_cast<double>(parameters_[numeric_.phase + place]) / kTurn)
                          : T{0};
      Waves(m, parameters_[numeric_.frequency + place], phase, x, Cosines(column, ld) + k * ld,
            wants_sines ? Sines(column, ld) + k * ld : static_cast<T*>(nullptr));
    }
    if (numeric_.KeepsNumber()) {
      std::copy_n(x, m, out);
      out += ld;
    }
    const T* w = parameters_ + numeric_.weights + column * linear * waves;
    ProductOptions<T> options;
    options.bias = parameters_ + numeric_.bias + column * linear;
    if (numeric_.IsRectified()) options.epilogue = Epilogue::kRelu;
    if (at.Single()) {
      DotProducts(linear, 1, waves, w, waves, Cosines(column, ld), waves, out, 1, options);
    } else {
      Product(linear, m, waves, Strided<T>{w, waves, 1}, Cosines(column, ld), ld, out, ld, options);
    }
    out += linear * ld;
  }
  for (size_t unit = numeric_.columns; unit < input_->units; unit++, out += ld) {
    std::copy_n(input_->values + unit * ld, m, out);
  }
}

template <typename T>
void NumericStage<T>::Backward(const TileSamples& at, size_t, size_t, bool accumulate, T* gradients) {
  const size_t ld = at.ld;
  for (size_t column = 0; column < numeric_.columns; column++) {
    if (numeric_.IsRectified()) {
      const size_t start = column * numeric_.outputs * ld;
      T* d = this->out_->gradients + start;
      ActivationBackward(Activation::kRelu, T{0}, SampleAxis::kColumns, ld, numeric_.outputs, d,
                         static_cast<const T*>(nullptr), this->out_->values + start, d);
    }
    // As in an affine stage, a batch that is normalised as a whole is cut into parts.
    for (size_t sample = 0; sample < at.m; sample += kSweepRows) {
      PartGradients(at, column, sample, std::min(at.m - sample, kSweepRows), accumulate || sample > 0,
                    gradients);
    }
  }
  const T* d = this->out_->gradients + numeric_.columns * numeric_.outputs * ld;
  T* in = input_->gradients + numeric_.columns * ld;
  std::copy_n(d, (input_->units - numeric_.columns) * ld, in);
}

template <typename T>
void NumericStage<T>::PartGradients(const TileSamples& at, size_t column, size_t sample, size_t m,
                                    bool accumulate, T* gradients) {
  const size_t ld = at.ld, frequencies = numeric_.frequencies, waves = numeric_.Waves();
  const size_t linear = numeric_.Linear(), kept = numeric_.outputs - linear;
  const T* x = input_->values + column * ld + sample;
  const T* cosines = Cosines(column, ld) + sample;
  const T* d = this->out_->gradients + (column * numeric_.outputs + kept) * ld + sample;
  const T* w = parameters_ + numeric_.weights + column * linear * waves;
  ProductOptions<T> options;
  options.accumulate = accumulate;
  DotProducts(linear, waves, m, d, ld, cosines, ld, gradients + numeric_.weights + column * linear * waves,
              waves, options);
  RowSums(linear, m, d, ld, accumulate, gradients + numeric_.bias + column * linear);
  T* d_waves = d_waves_.data();
  Product(waves, m, linear, Strided<T>{w, 1, waves}, d, ld, d_waves, ld, ProductOptions<T>{});
  T* angles = d_angles_.data();
  T* d_frequencies = gradients + numeric_.frequency + column * frequencies;
  for (size_t k = 0; k < frequencies; k++) {
    const T* d_sines = numeric_.HasSines() ? d_waves + (frequencies + k) * ld : nullptr;
    WaveGradients(m, cosines + k * ld, static_cast<const T*>(Sines(column, ld) + k * ld + sample),
                  static_cast<const T*>(d_waves + k * ld), d_sines, angles + k * ld);
    const T sum = static_cast<T>(kTurn * Dot(static_cast<const T*>(angles + k * ld), x, m));
    d_frequencies[k] = accumulate ? d_frequencies[k] + sum : sum;
  }
  if (number_wanted_) NumberGradients(at, column, sample, m);
  if (!numeric_.HasPhases()) return;
  RowSums(frequencies, m, angles, ld, accumulate, gradients + numeric_.phase + column * frequencies);
}

// By the column itself: an angle is 2 pi times its frequency times the number.
template <typename T>
void NumericStage<T>::NumberGradients(const TileSamples& at, size_t column, size_t sample, size_t m) const {
  const size_t ld = at.ld;
  T* d = input_->gradients + column * ld + sample;
  const T* kept = this->out_->gradients + column * numeric_.outputs * ld + sample;
  if (numeric_.KeepsNumber()) {
    std::copy_n(kept, m, d);
  } else {
    std::fill_n(d, m, T{0});
  }
  const T* frequencies = parameters_ + numeric_.frequency + column * numeric_.frequencies;
  for (size_t k = 0; k < numeric_.frequencies; k++) {
    const double slope = kTurn * static_cast<double>(frequencies[k]);
    AddScaled(static_cast<const T*>(d), slope, static_cast<const T*>(d_angles_.data() + k * ld), m, d);
  }
}

template class NumericStage<double>;
template class NumericStage<float>;

}  // namespace blasnet
