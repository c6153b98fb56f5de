// The names that TypeScript passes as numbers. lib/activations.ts, lib/losses.ts and lib/optimizers.ts
// hold the same numbers; a test compares the two through the addon's `codes`.
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

// Whether a loss's labels are classes, one a sample.
constexpr bool TakesClasses(Loss loss) { return loss == Loss::kSparseCategoricalCrossEntropy; }

enum class Optimizer : int32_t {
  kGradientDescent = 0,
  kMomentum = 1,
  kAdam = 2,
  kRmsProp = 3,
  kAdagrad = 4,
  kAdadelta = 5,
  kAdamax = 6,
  kNadam = 7,
  kLion = 8,
  kLbfgs = 9,
};
inline constexpr Optimizer kLastOptimizer = Optimizer::kLbfgs;
// Those up to here take a step from a gradient alone.
inline constexpr Optimizer kLastFirstOrder = Optimizer::kLion;
inline constexpr const char* kOptimizerNames[] = {
    "gradientDescent", "momentum", "adam",  "rmsProp", "adagrad",
    "adadelta",        "adamax",   "nadam", "lion",    "lbfgs"};

// Where the options of lib/optimizers.ts stand in the array that an optimiser's hyperparameters come in. An
// optimiser reads those that its factory has; flags are 0 or 1.
enum Hyperparameter : size_t {
  kLearningRate = 0,
  kMomentumFactor = 1,
  kBeta1 = 2,
  kBeta2 = 3,
  kEpsilon = 4,
  kWeightDecay = 5,
  kDecoupled = 6,  // the weight decay shrinks the parameters; otherwise it is part of the gradient
  kDecay = 7,
  kDampening = 8,
  kNesterov = 9,
  kCentered = 10,
  kAmsgrad = 11,
  kKerasEpsilon = 12,  // epsilon stands where Keras has it; otherwise where PyTorch has it
  kInitialAccumulator = 13,
  kLearningRateDecay = 14,
  kMomentumDecay = 15,
  kHistorySize = 16,
  kToleranceGradient = 17,
  kToleranceChange = 18,
  kMaxEvaluations = 19,
  kHyperparameters = 20,
};
inline constexpr const char* kHyperparameterNames[] = {"learningRate",
                                                       "momentum",
                                                       "beta1",
                                                       "beta2",
                                                       "epsilon",
                                                       "weightDecay",
                                                       "decoupled",
                                                       "decay",
                                                       "dampening",
                                                       "nesterov",
                                                       "centered",
                                                       "amsgrad",
                                                       "kerasEpsilon",
                                                       "initialAccumulator",
                                                       "learningRateDecay",
                                                       "momentumDecay",
                                                       "historySize",
                                                       "toleranceGradient",
                                                       "toleranceChange",
                                                       "maxEvaluations"};

// Which way the samples of a row-major matrix lie: one a row (Network) or one a column (the article).
enum class SampleAxis : int32_t { kRows = 0, kColumns = 1 };

// What a layer does to its sums before the activation; lib/normalization.ts holds the same numbers.
enum class Normalization : int32_t { kNone = 0, kBatch = 1, kLayer = 2 };
inline constexpr const char* kNormalizationNames[] = {"none", "batch", "layer"};

// m samples through a layer of `inputs` and `outputs` units.
struct LayerShape {
  size_t samples;  // m
  size_t inputs;   // in
  size_t outputs;  // out
};

}  // namespace blasnet
