// A network as a plan has it: its input, its layers, and where their parameters stand.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/activations.h"
#include "kernels/normalization.h"

namespace blasnet {

// A table with a row for each category and one more, the last, for unknown ones: (categories + 1, outputs).
struct EmbeddingSpec {
  size_t categories;
  size_t outputs;

  size_t Rows() const { return categories + 1; }
  size_t Size() const { return Rows() * outputs; }
};

// What goes into the first layer: numbers as they come, and behind them a row of each table, picked by a
// code.
struct InputSpec {
  size_t numbers;
  std::vector<EmbeddingSpec> embeddings;

  size_t Features() const {
    size_t features = numbers;
    for (const EmbeddingSpec& embedding : embeddings) features += embedding.outputs;
    return features;
  }
};

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
  size_t skip = 0;      // adds what goes into layer number `skip` (from 1) to the output; 0: nothing
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
};

// A table and where it starts.
struct Embedding : EmbeddingSpec {
  size_t table = 0;
};

// Parameters one after another that the same rules are for. Those with a norm to keep are rows of
// `row_length`.
struct ParameterRange {
  size_t from;
  size_t size;
  bool trainable;
  double l1 = 0;
  double l2 = 0;
  size_t row_length = 0;
  double max_norm = 0;
};

struct NetworkSpec {
  InputSpec input;
  std::vector<LayerSpec> layers;
};

// The tables come first in the parameters, then the layers one after another. The first layer freezes the
// tables, too.
struct Network {
  size_t numbers = 0;  // that go into the first layer as they come
  std::vector<Embedding> embeddings;
  std::vector<Layer> layers;
  size_t parameter_count = 0;
  size_t statistic_count = 0;  // of the running moments
  std::vector<ParameterRange> ranges;

  size_t Features() const { return layers.front().inputs; }
  size_t Outputs() const { return layers.back().outputs; }
  bool TrainsEmbeddings() const { return !embeddings.empty() && layers.front().trainable; }
};

Network LayOut(const NetworkSpec& spec);

size_t ParameterCount(const LayerSpec& spec);
// Of the running moments.
size_t StatisticCount(const LayerSpec& spec);

}  // namespace blasnet
