// The names that TypeScript passes as numbers. lib/activations.ts and lib/losses.ts hold the same numbers;
// a test compares the two through the addon's `codes`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

enum class Activation : int32_t {
  kLinear = 0,
  kSigmoid = 1,
  kRelu = 2,
  kTanh = 3,
  kSoftmax = 4,
  kLeakyRelu = 5,
  kElu = 6,
  kSelu = 7,
  kGelu = 8,
  kGeluTanh = 9,
  kSilu = 10,
  kSoftplus = 11,
  kSoftsign = 12,
  kHardSigmoid = 13,
  kMish = 14,
  kExponential = 15,
  kLogSoftmax = 16,
};
inline constexpr Activation kLastActivation = Activation::kLogSoftmax;
inline constexpr const char* kActivationNames[] = {
    "linear",   "sigmoid",     "relu", "tanh",        "softmax",   "leakyRelu",
    "elu",      "selu",        "gelu", "geluTanh",    "silu",      "softplus",
    "softsign", "hardSigmoid", "mish", "exponential", "logSoftmax"};

// Whether a unit's activation depends on the sample's other units.
constexpr bool AcrossUnits(Activation a) { return a == Activation::kSoftmax || a == Activation::kLogSoftmax; }

// Whether the derivative needs Z, because two inputs may have the same A.
constexpr bool NeedsInputs(Activation a) {
  return a == Activation::kGelu || a == Activation::kGeluTanh || a == Activation::kSilu ||
         a == Activation::kMish;
}

enum class Loss : int32_t {
  kBinaryCrossEntropy = 0,
  kCategoricalCrossEntropy = 1,
  kMeanSquaredError = 2,
  kSparseCategoricalCrossEntropy = 3,
  kMeanAbsoluteError = 4,
  kHuber = 5,
  kLogCosh = 6,
  kPoisson = 7,
  kHinge = 8,
  kKlDivergence = 9,
};
inline constexpr Loss kLastLoss = Loss::kKlDivergence;
inline constexpr const char* kLossNames[] = {"binaryCrossEntropy",
                                             "categoricalCrossEntropy",
                                             "meanSquaredError",
                                             "sparseCategoricalCrossEntropy",
                                             "meanAbsoluteError",
                                             "huber",
                                             "logCosh",
                                             "poisson",
                                             "hinge",
                                             "klDivergence"};

// A loss with its hyperparameters.
struct LossSpec {
  Loss loss;
  double smoothing = 0;  // label smoothing of the cross-entropies, in [0, 1)
  double delta = 1;      // of huber, above 0: where squares end
};

// Whether a loss is computed from the output layer's Z, fused with its sigmoid, softmax or logSoftmax; the
// others are computed from A.
constexpr bool FromLogits(Loss loss) {
  return loss == Loss::kBinaryCrossEntropy || loss == Loss::kCategoricalCrossEntropy ||
         loss == Loss::kSparseCategoricalCrossEntropy;
}

enum class Optimizer : int32_t { kGradientDescent = 0, kMomentum = 1, kAdam = 2 };
inline constexpr const char* kOptimizerNames[] = {"gradientDescent", "momentum", "adam"};

// Which way the samples of a row-major matrix lie: one a row (Network) or one a column (the article).
enum class SampleAxis : int32_t { kRows = 0, kColumns = 1 };

// m samples through a layer of `inputs` and `outputs` units.
struct LayerShape {
  size_t samples;  // m
  size_t inputs;   // in
  size_t outputs;  // out
};

}  // namespace blasnet
