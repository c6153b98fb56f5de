#include "engine/update.h"

#include <algorithm>
#include <cmath>

#include "engine/pool.h"
#include "kernels/optimizers.h"
#include "kernels/regularizers.h"
#include "kernels/vectors.h"

namespace blasnet {
namespace {

constexpr size_t kStretch = 16'384;  // parameters that one thread updates at once
constexpr size_t kNormRows = 64;     // units whose weights one thread limits at once

}  // namespace

template <typename T>
Update<T>::Update(const std::vector<Layer>& layers, T* parameters)
    : layers_(layers), parameters_(parameters) {
  // Neighbours of equal rules are one: as few stretches as can be.
  size_t from = 0, to = 0;
  double l1 = 0, l2 = 0;
  const auto add = [&](size_t start, size_t end, double start_l1, double start_l2) {
    if (start != to || start_l1 != l1 || start_l2 != l2) {
      AddStretches(from, to, l1, l2);
      from = start;
      l1 = start_l1;
      l2 = start_l2;
    }
    to = end;
  };
  for (const Layer& layer : layers) {
    if (!layer.trainable) continue;
    add(layer.weights, layer.bias, layer.l1, layer.l2);
    add(layer.bias, layer.end, 0, 0);
  }
  AddStretches(from, to, l1, l2);
  penalties_.resize(stretches_.size());
  squares_.resize(stretches_.size());
}

template <typename T>
void Update<T>::AddStretches(size_t from, size_t to, double l1, double l2) {
  trainable_count_ += to - from;
  for (; from < to; from += kStretch) {
    stretches_.push_back({from, std::min(kStretch, to - from), static_cast<T>(l1), static_cast<T>(l2)});
  }
}

template <typename T>
double Update<T>::Penalty() const {
  double penalty = 0;
  for (const Layer& layer : layers_) {
    if (!layer.trainable || (layer.l1 == 0 && layer.l2 == 0)) continue;
    penalty += AddPenalty(layer.bias - layer.weights, parameters_ + layer.weights, static_cast<T>(layer.l1),
                          static_cast<T>(layer.l2), static_cast<T*>(nullptr));
  }
  return penalty;
}

template <typename T>
void Update<T>::ForEachStretch(size_t lanes, size_t threads, const std::function<void(size_t)>& body) const {
  const size_t most = trainable_count_ * (lanes + 2) * 4 < kParallelWork ? 1 : threads;
  ParallelFor(most, stretches_.size(), [&](size_t i, size_t) { body(i); });
}

template <typename T>
double Update<T>::Run(std::vector<std::vector<T>>& lanes, size_t count, size_t threads,
                      const Clipping& clipping, const std::function<void(size_t from, size_t size)>& step) {
  T* gradients = lanes[0].data();
  ForEachStretch(count, threads, [&](size_t i) {
    const auto [from, size, l1, l2] = stretches_[i];
    for (size_t lane = 1; lane < count; lane++) AddTo(gradients + from, lanes[lane].data() + from, size);
    if (l1 > 0 || l2 > 0) penalties_[i] = AddPenalty(size, parameters_ + from, l1, l2, gradients + from);
    if (clipping.value > 0) ClipByValue(size, static_cast<T>(clipping.value), gradients + from);
    if (clipping.norm > 0) {
      squares_[i] = Dot(gradients + from, gradients + from, size);
    } else {
      step(from, size);
    }
  });
  if (clipping.norm > 0) {
    double squares = 0;
    for (const double part : squares_) squares += part;
    const double norm = std::sqrt(squares);
    const bool clip = norm > clipping.norm;
    const T factor = static_cast<T>(clip ? clipping.norm / norm : 1);
    ForEachStretch(1, threads, [&](size_t i) {
      const Stretch& stretch = stretches_[i];
      if (clip) Scale(gradients + stretch.from, factor, stretch.size, gradients + stretch.from);
      step(stretch.from, stretch.size);
    });
  }
  double penalty = 0;
  for (const double part : penalties_) penalty += part;
  return penalty;
}

template <typename T>
void Update<T>::ClearFrozen(T* values) const {
  for (const Layer& layer : layers_) {
    if (!layer.trainable) std::fill(values + layer.weights, values + layer.end, T{0});
  }
}

template <typename T>
void Update<T>::LimitNorms(size_t threads) {
  for (const Layer& layer : layers_) {
    if (layer.max_norm == 0 || !layer.trainable) continue;
    const size_t in = layer.inputs, out = layer.outputs;
    const size_t most = in * out * 8 < kParallelWork ? 1 : threads;
    ParallelFor(most, (out + kNormRows - 1) / kNormRows, [&](size_t i, size_t) {
      const size_t from = i * kNormRows;
      LimitRowNorms(std::min(kNormRows, out - from), in, static_cast<T>(layer.max_norm),
                    parameters_ + layer.weights + from * in);
    });
  }
}

template class Update<double>;
template class Update<float>;

}  // namespace blasnet
