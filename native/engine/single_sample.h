// A forward pass for one sample: its features are a vector as they come, and so is every layer's output.
#pragma once

#include <vector>

#include "engine/layers.h"

namespace blasnet {

template <typename T>
class SingleSample {
 public:
  // All must outlive this.
  SingleSample(const std::vector<Layer>& layers, const T* parameters, const T* statistics);

  // x (in) -> out (out)
  void Predict(const T* x, T* out);

 private:
  void Normalize(const Layer& layer, T* z) const;

  const std::vector<Layer>& layers_;
  const T* const parameters_;
  const T* const statistics_;
  std::vector<T> between_[2];  // the layers, in turns (widest)
};

}  // namespace blasnet
