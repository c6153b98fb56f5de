// The names that TypeScript passes as numbers. lib/activations.ts, lib/losses.ts and lib/optimizers.ts
// hold the same numbers; a test compares the two through the addon's `codes`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

enum class Activation : int32_t { kLinear = 0, kSigmoid = 1, kRelu = 2, kTanh = 3, kSoftmax = 4 };
inline constexpr const char* kActivationNames[] = {"linear", "sigmoid", "relu", "tanh", "softmax"};

enum class Loss : int32_t { kBinaryCrossEntropy = 0, kCategoricalCrossEntropy = 1, kMeanSquaredError = 2 };
inline constexpr const char* kLossNames[] = {"binaryCrossEntropy", "categoricalCrossEntropy",
                                             "meanSquaredError"};

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

// m samples through a layer of `inputs` and `outputs` units.
struct LayerShape {
  size_t samples;  // m
  size_t inputs;   // in
  size_t outputs;  // out
};

}  // namespace blasnet
