// Layers as a plan has them: their sizes, what is done to their values, and where their parameters stand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/activations.h"
#include "kernels/normalization.h"

namespace blasnet {

struct LayerSpec {
  size_t inputs;
  size_t outputs;
  Activation activation = Activation::kLinear;
  double alpha = 0;  // the activation's parameter
  Normalization normalization = Normalization::kNone;
  double epsilon = 0;   // of the normalisation
  double momentum = 0;  // the share of a batch's moments in the running ones
  double dropout = 0;   // the share of outputs that are dropped
  double noise = 0;     // the standard deviation of what is added to the inputs
  bool trainable = true;
  double l1 = 0;
  double l2 = 0;
  double max_norm = 0;  // of a unit's weights; 0: any

  // Above 0 in any type, lest a unit that is constant be divided by zero.
  template <typename T>
  T Epsilon() const {
    return std::max(static_cast<T>(epsilon), std::numeric_limits<T>::min());
  }
  bool NormalizesBatches() const { return normalization == Normalization::kBatch; }
  // A frozen layer's batch normalisation is frozen, too.
  bool UsesBatchMoments() const { return NormalizesBatches() && trainable; }
};

// A layer and where its parameters start: W (out, in), b (out) and, with a normalisation, gamma (out) and
// beta (out); and where its running moments do among those of all layers: mean (out), variance (out).
struct Layer : LayerSpec {
  size_t weights = 0;
  size_t bias = 0;
  size_t gamma = 0;
  size_t beta = 0;
  size_t end = 0;  // of its parameters
  size_t mean = 0;
  size_t variance = 0;
  size_t statistics_end = 0;
};

std::vector<Layer> LayOut(const std::vector<LayerSpec>& specs);

size_t ParameterCount(const LayerSpec& spec);
// Of the running moments.
size_t StatisticCount(const LayerSpec& spec);

}  // namespace blasnet
