// The description of a network: its input, its layers, and where their parameters are in the flat buffer.
// binding/plan.cc fills in a NetworkSpec. From it, the plan's constructor makes a Network, which
// never changes; so all threads may read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/activations.h"
#include "kernels/normalization.h"

namespace blasnet {

// An embedding table: a row per category, and a last row for unknown categories. (categories + 1, outputs)
struct EmbeddingSpec {
  size_t categories;
  size_t outputs;

  size_t Rows() const { return categories + 1; }
  size_t Size() const { return Rows() * outputs; }
};

// Periodic embeddings of the first columns of X (Gorishniy et al., 2022; Holzmueller et al., 2024). An angle
// is 2 pi times a learned frequency times the number, plus a learned phase in kPbld.
//   kPbld  the number itself, then a linear map of the cosines
//   kPlr   relu of a linear map of the cosines and the sines
enum class NumericKind { kPbld, kPlr };

struct NumericSpec {
  NumericKind kind = NumericKind::kPbld;
  size_t columns = 0;      // of X, which are embedded; 0: none
  size_t frequencies = 0;  // per column
  size_t outputs = 0;      // features per column

  bool HasPhases() const { return kind == NumericKind::kPbld; }
  bool KeepsNumber() const { return kind == NumericKind::kPbld; }
  bool HasSines() const { return kind == NumericKind::kPlr; }
  bool IsRectified() const { return kind == NumericKind::kPlr; }
  size_t Waves() const { return HasSines() ? 2 * frequencies : frequencies; }
  size_t Linear() const { return KeepsNumber() ? outputs - 1 : outputs; }
  size_t Size() const {
    return columns * ((HasPhases() ? size_t{2} : size_t{1}) * frequencies + Linear() * (Waves() + 1));
  }
};

// The input of the first layer: the numbers of X, some of them embedded, then one row of each table, which a
// code selects.
struct InputSpec {
  size_t numbers;
  std::vector<EmbeddingSpec> embeddings;
  NumericSpec numeric{};

  size_t Features() const {
    size_t features = numbers - numeric.columns + numeric.columns * numeric.outputs;
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
  double epsilon = 0;          // for the normalisation
  double momentum = 0;         // the share of the batch's moments in the new running moments
  double dropout = 0;          // the share of outputs that dropout sets to 0
  double noise = 0;            // the standard deviation of the noise on the inputs
  bool scales_inputs = false;  // multiplies each input by a learned factor
  bool mixes = false;          // mixes each unit's activation with its argument, by a learned share
  size_t skip = 0;             // adds the input of layer number `skip` (from 1) to the outputs; 0: nothing
  bool trainable = true;
  size_t heads = 1;  // members that have weights and a bias of their own
  double l1 = 0;
  double l2 = 0;
  double max_norm = 0;  // the largest norm of a unit's weights; 0: no limit

  // At least the smallest normal number of T, so that a constant unit is not divided by zero.
  template <typename T>
  T Epsilon() const {
    return std::max(static_cast<T>(epsilon), std::numeric_limits<T>::min());
  }
  bool NormalizesBatches() const { return normalization == Normalization::kBatch; }
  // A frozen layer's batch normalisation is frozen, too.
  bool UsesBatchMoments() const { return NormalizesBatches() && trainable; }
};

// A layer with the offsets of its parameters: W (heads, out, in), b (heads, out); with a normalisation, gamma
// (out) and beta (out); with scaled inputs, s (in); with mixed activations, a (out). mean (out) and variance
// (out) are offsets into the running moments of all layers.
struct Layer : LayerSpec {
  size_t weights = 0;
  size_t bias = 0;
  size_t gamma = 0;
  size_t beta = 0;
  size_t scale = 0;
  size_t mix_shares = 0;
  size_t end = 0;  // after its last parameter
  size_t mean = 0;
  size_t variance = 0;
};

// A table with the offset of its parameters.
struct Embedding : EmbeddingSpec {
  size_t table = 0;
};

// Factors of the optimiser's numbers for one parameter. If the learning rate's is 0, the parameter is frozen.
struct ParameterFactors {
  double learning_rate = 1;
  double weight_decay = 1;

  bool operator==(const ParameterFactors& other) const {
    return learning_rate == other.learning_rate && weight_decay == other.weight_decay;
  }
};

// Numeric embeddings with the offsets of their parameters: frequency (columns, frequencies), for kPbld phase
// (columns, frequencies), weights (columns, linear, waves), bias (columns, linear).
struct NumericEmbedding : NumericSpec {
  size_t frequency = 0;
  size_t phase = 0;
  size_t weights = 0;
  size_t bias = 0;
};

// One parameter, such as W of a layer, and its rules. If its norms are limited, it has rows of `row_length`.
struct ParameterRange {
  size_t from;
  size_t size;
  bool trainable;
  double l1 = 0;
  double l2 = 0;
  size_t row_length = 0;
  double max_norm = 0;
  ParameterFactors factors{};
};

struct NetworkSpec {
  InputSpec input;
  std::vector<LayerSpec> layers;
  std::vector<ParameterFactors> factors;  // of each parameter, in their order; empty: all 1
  // Members that share the layers, except the weights and the bias of the last one; 0: the network is one of
  // its own, and its inputs have no factors.
  size_t members = 0;
};

// The parameters are the tables, the numeric embeddings, the members' factors of the inputs, then the layers
// in order. If the first layer is frozen, what comes before it is, too.
struct Network {
  size_t numbers = 0;  // columns of X
  std::vector<Embedding> embeddings;
  NumericEmbedding numeric{};
  size_t members = 0;
  size_t member_factors = 0;  // their offset: (members, features)
  std::vector<Layer> layers;
  size_t parameter_count = 0;
  size_t statistic_count = 0;          // running moments of all layers
  std::vector<ParameterRange> ranges;  // one per parameter, in their order

  size_t Features() const { return layers.front().inputs; }
  size_t Outputs() const { return layers.back().outputs; }
  // The units of the input before numbers are embedded.
  size_t RawFeatures() const { return Features() - numeric.columns * numeric.outputs + numeric.columns; }
  // The rows that a sample becomes: one for each member.
  size_t RowsPerSample() const { return std::max<size_t>(members, 1); }
  // Whether the features of a sample are trained.
  bool TrainsFeatures() const {
    return (!embeddings.empty() || numeric.columns > 0) && layers.front().trainable;
  }
  // Whether something before the first layer is trained.
  bool TrainsInput() const { return TrainsFeatures() || (members > 0 && layers.front().trainable); }
};

Network LayOut(const NetworkSpec& spec);

size_t ParameterCount(const LayerSpec& spec);
// The number of the layer's running moments.
size_t StatisticCount(const LayerSpec& spec);

}  // namespace blasnet
