// The names that TypeScript passes as numbers. lib/activations.ts and lib/losses.ts hold the same numbers;
// a test compares the two through the addon's `codes`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

enum class Activation : int32_t { kLinear = 0, kSigmoid = 1, kRelu = 2, kTanh = 3, kSoftmax = 4 };
inline constexpr const char* kActivationNames[] = {"linear", "sigmoid", "relu", "tanh", "softmax"};

enum class Loss : int32_t { kBinaryCrossEntropy = 0, kCategoricalCrossEntropy = 1, kMeanSquaredError = 2 };
inline constexpr const char* kLossNames[] = {"binaryCrossEntropy", "categoricalCrossEntropy",
                                             "meanSquaredError"};

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
