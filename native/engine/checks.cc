#include "engine/checks.h"

#include <algorithm>

#include "kernels/scan.h"

namespace blasnet {
namespace {

// Elements between two looks at the stop flag.
constexpr size_t kPiece = size_t{1} << 20;

// Whether the labels of a row are the shares of classes: at least one of them is above 0.
bool SharesClasses(const Network& network, Loss loss) {
  if (loss == Loss::kCategoricalCrossEntropy) return true;
  return loss == Loss::kKlDivergence && network.layers.back().activation == Activation::kSoftmax;
}

}  // namespace

template <typename T>
Outcome CheckInputs(const Network& network, const Source<T>& source, size_t row, size_t m) {
  const size_t start = row * network.numbers, size = m * network.numbers;
  const size_t bad = FirstNonFinite(source.x + start, size);
  if (bad != size) return {Status::kInputNotFinite, start + bad};
  if (network.embeddings.empty()) return {};
  const size_t codes = network.embeddings.size();
  for (size_t i = row * codes; i < (row + m) * codes; i++) {
    const int32_t code = source.codes[i];
    if (code < kUnknownCode || code >= static_cast<int64_t>(network.embeddings[i % codes].categories)) {
      return {Status::kCodeOutside, i};
    }
  }
  return {};
}

template <typename T>
Outcome CheckSamples(const Network& network, Loss loss, const Source<T>& source, size_t rows,
                     const Control& control) {
  const size_t piece = std::max<size_t>(1, kPiece / std::max<size_t>(1, network.numbers));
  for (size_t row = 0; row < rows && !control.Stopped(); row += piece) {
    const Outcome outcome = CheckInputs(network, source, row, std::min(piece, rows - row));
    if (outcome.status != Status::kDone) return outcome;
  }
  const size_t outputs = network.Outputs(), count = rows * (TakesClasses(loss) ? 1 : outputs);
  for (size_t i = 0; i < count && !control.Stopped(); i += kPiece) {
    const size_t size = std::min(kPiece, count - i);
    const size_t bad =
        TakesClasses(loss)
            ? FirstBadClass(static_cast<const int32_t*>(source.y) + i, outputs, size)
            : FirstBadLabel(TraitsOf(loss).labels, outputs, static_cast<const T*>(source.y) + i, size);
    if (bad != size) return {Status::kLabelOutside, i + bad};
  }
  if (SharesClasses(network, loss)) {
    const T* y = static_cast<const T*>(source.y);
    for (size_t row = 0; row < rows && !control.Stopped(); row++) {
      row = FirstRowOfZeros(y, outputs, row, rows);
      if (row < rows && (source.weights == nullptr || source.weights[row] > 0)) {
        return {Status::kNoClass, row};
      }
    }
  }
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

#define BLASNET_INSTANTIATE(T)                                                       \
  template Outcome CheckInputs<T>(const Network&, const Source<T>&, size_t, size_t); \
  template Outcome CheckSamples<T>(const Network&, Loss, const Source<T>&, size_t, const Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
