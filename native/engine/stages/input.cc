#include "engine/stages/input.h"

#include <algorithm>
#include <vector>

#include "engine/tile_split.h"
#include "kernels/transpose.h"

namespace blasnet {
namespace {

constexpr size_t kRowsAtOnce = 64;

}  // namespace

template <typename T>
size_t InputStage<T>::Picked(size_t e, size_t sample) const {
  // The caller may change the codes between the check and this line: an invalid code counts as unknown.
  const size_t code =
      static_cast<uint32_t>(ReadOnce(source_.codes + sample * network_.embeddings.size() + e));
  return std::min(code, network_.embeddings[e].categories);
}

template <typename T>
const T* InputStage<T>::PickedRow(size_t e, size_t sample) const {
  const Embedding& embedding = network_.embeddings[e];
  return parameters_ + embedding.table + Picked(e, sample) * embedding.outputs;
}

template <typename T>
void InputStage<T>::Prepare(const TileSamples& at) {
  const size_t features = network_.RawFeatures();
  in_place_ = network_.embeddings.empty() && source_.order == nullptr && (by_sample_ || at.Single());
  T* values;
  if (in_place_) {
    // No stage writes to the input's slot.
    values = const_cast<T*>(source_.x) + row_ * features;
  } else {
    values = features_.Reserve(features * (by_sample_ ? at.m : at.capacity));
  }
  this->out_->values = by_sample_ ? nullptr : values;
  this->out_->by_sample = by_sample_ ? values : nullptr;
}

template <typename T>
void InputStage<T>::Forward(const TileSamples& at, size_t, size_t) {
  if (Idle(at)) return;
  by_sample_ ? ToRows(at) : ToColumns(at);
}

template <typename T>
void InputStage<T>::ToRows(const TileSamples& at) {
  const size_t numbers = network_.numbers;
  T* row = features_.data();
  for (size_t i = 0; i < at.m; i++) {
    const size_t sample = source_.Sample(row_ + i);
    row = std::copy_n(source_.x + sample * numbers, numbers, row);
    for (size_t e = 0; e < network_.embeddings.size(); e++) {
      row = std::copy_n(PickedRow(e, sample), network_.embeddings[e].outputs, row);
    }
  }
}

template <typename T>
void InputStage<T>::ToColumns(const TileSamples& at) {
  const size_t numbers = network_.numbers, ld = at.ld;
  T* values = features_.data();
  const T* rows[kRowsAtOnce];
  for (size_t i = 0; i < at.m; i += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, at.m - i);
    for (size_t j = 0; j < count; j++) rows[j] = source_.x + source_.Sample(row_ + i + j) * numbers;
    CopyTransposed(count, numbers, rows, values + i, ld);
  }
  if (network_.embeddings.empty()) return;
  for (size_t i = 0; i < at.m; i++) {
    const size_t sample = source_.Sample(row_ + i);
    size_t unit = numbers;
    for (size_t e = 0; e < network_.embeddings.size(); e++) {
      const T* picked = PickedRow(e, sample);
      for (size_t j = 0; j < network_.embeddings[e].outputs; j++) values[unit++ * ld + i] = picked[j];
    }
  }
}

template <typename T>
void InputStage<T>::Backward(const TileSamples& at, size_t, size_t, bool accumulate, T* gradients) {
  if (network_.embeddings.empty()) return;
  const size_t ld = at.ld;
  const T* d = this->out_->gradients + network_.numbers * ld;
  for (size_t e = 0; e < network_.embeddings.size(); e++) {
    const Embedding& embedding = network_.embeddings[e];
    T* table = gradients + embedding.table;
    if (!accumulate) std::fill_n(table, embedding.Size(), T{0});
    const auto add = [&](auto* sums) {
      for (size_t i = 0; i < at.m; i++) {
        auto* row = sums + Picked(e, source_.Sample(row_ + i)) * embedding.outputs;
        for (size_t j = 0; j < embedding.outputs; j++) row[j] += d[j * ld + i];
      }
    };
    if (at.m <= kSweepRows) {
      add(table);
    } else {
      // A batch that is normalised as a whole: one category may have all samples.
      std::vector<double> sums(embedding.Size());
      add(sums.data());
      for (size_t i = 0; i < sums.size(); i++) table[i] += static_cast<T>(sums[i]);
    }
    d += embedding.outputs * ld;
  }
}

template class InputStage<double>;
template class InputStage<float>;

}  // namespace blasnet
