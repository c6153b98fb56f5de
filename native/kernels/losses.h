// Losses and accuracy of m samples with `outputs` values each. A loss is returned as the sum over the
// samples; divide it by m for the mean. A gradient is multiplied by `scale`; use 1 / m for the gradient of
// the mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

#include "kernels/record.h"

namespace blasnet {

// The values that a loss is computed from: Z of the output layer (the loss includes the activation), or A.
enum class LossOf { kLogits, kOutputs };
// The rule for labels. kClasses: integers from 0 to outputs - 1, one per sample; kSigns: -1 or 1.
enum class LabelRule { kFinite, kNotNegative, kUnitInterval, kSigns, kClasses };
inline constexpr const char* kLabelRuleNames[] = {"finite", "notNegative", "unitInterval", "signs",
                                                  "classes"};
// How correct predictions (hits) are counted. kSides: every output is on its label's side: above 0 if the
// label is above 1/2 (with signs: above 0), not above 0 otherwise. kLargest: the
// largest output is where the largest label is; of equal ones, the first counts.
enum class Hits { kNone, kSides, kLargest };

// One row per loss: its name, and the traits that the engine and lib/ use. Its case in losses.cc holds the
// formula; lib/layers/losses.ts has its row for users. JavaScript passes a loss as its row number.
#define BLASNET_LOSSES(ROW)                                                                        \
  ROW(BinaryCrossEntropy, "binaryCrossEntropy", kLogits, kUnitInterval, kSides)                    \
  ROW(CategoricalCrossEntropy, "categoricalCrossEntropy", kLogits, kUnitInterval, kLargest)        \
  ROW(MeanSquaredError, "meanSquaredError", kOutputs, kFinite, kNone)                              \
  ROW(SparseCategoricalCrossEntropy, "sparseCategoricalCrossEntropy", kLogits, kClasses, kLargest) \
  ROW(MeanAbsoluteError, "meanAbsoluteError", kOutputs, kFinite, kNone)                            \
  ROW(Huber, "huber", kOutputs, kFinite, kNone)                                                    \
  ROW(LogCosh, "logCosh", kOutputs, kFinite, kNone)                                                \
  ROW(Poisson, "poisson", kOutputs, kNotNegative, kNone)                                           \
  ROW(Hinge, "hinge", kOutputs, kSigns, kSides)                                                    \
  ROW(KlDivergence, "klDivergence", kOutputs, kUnitInterval, kNone)                                \
  ROW(Quantile, "quantile", kOutputs, kFinite, kNone)

enum class Loss : int32_t {
#define BLASNET_ROW(Name, name, of, labels, hits) k##Name,
  BLASNET_LOSSES(BLASNET_ROW)
#undef BLASNET_ROW
};

struct LossTraits {
  const char* name;
  LossOf of;
  LabelRule labels;
  Hits hits;
};

inline constexpr LossTraits kLosses[] = {
#define BLASNET_ROW(Name, name, of, labels, hits) {name, LossOf::of, LabelRule::labels, Hits::hits},
    BLASNET_LOSSES(BLASNET_ROW)
#undef BLASNET_ROW
};

inline constexpr Loss kLastLoss = static_cast<Loss>(std::size(kLosses) - 1);

constexpr LossTraits TraitsOf(Loss loss) { return kLosses[static_cast<size_t>(loss)]; }

// Whether a loss is computed from the output layer's Z, and not from A.
constexpr bool FromLogits(Loss loss) { return TraitsOf(loss).of == LossOf::kLogits; }

// Whether a loss's labels are classes, one per sample.
constexpr bool TakesClasses(Loss loss) { return TraitsOf(loss).labels == LabelRule::kClasses; }

// The options of all losses, named as in lib/layers/losses.ts. Each loss reads its own.
struct LossOptions {
  double label_smoothing;  // for the cross-entropies, in [0, 1)
  double delta;            // for huber, above 0: the end of the quadratic part

  static constexpr Field<LossOptions> kFields[] = {{"labelSmoothing", &LossOptions::label_smoothing},
                                                   {"delta", &LossOptions::delta}};
};

struct LossSpec {
  Loss loss;
  LossOptions options;
  // For quantile: the level of each output, or one for all outputs; without any, it is 1/2.
  std::vector<double> levels = {};
};

// Sums over some samples.
struct Totals {
  double loss = 0;
  size_t hits = 0;  // samples predicted right
  size_t rows = 0;  // set by evaluations: the samples that count, since their weight is not 0

  void Add(const Totals& other) {
    loss += other.loss;
    hits += other.hits;
  }
};

// The loss of a tile. z (outputs, m) holds Z if FromLogits(loss), otherwise A; Y (outputs, m); rows are `ld`
// apart. `weights` (m), unless null, multiply each sample's loss and gradient, but not its hit. dz gets
// `scale` times the gradient with respect to `z`; it may be z, or null.
//
// From logits z, finite for all finite z. Label smoothing by s turns y into y (1 - s) + s / 2 in the first
// loss, and into y (1 - s) + s / outputs in the others.
//   binaryCrossEntropy  sum over outputs of max(z, 0) - z y + log(1 + exp(-|z|)); at most 3 ulp (2.76 found)
//       for one element with label 0 or 1
//       dZ sigmoid(z) - y
//       hit: in every output, z > 0 if the label is above 1/2, and z <= 0 otherwise
//   categoricalCrossEntropy  sum over outputs of y (log(sum(exp(z))) - z)
//       dZ softmax(z) sum(y) - y
//       hit: the largest z is where the largest label is (of equal ones, the first counts)
//   sparseCategoricalCrossEntropy  categoricalCrossEntropy for one row of Y, which holds the classes, from 0
//       (exact up to 2^24 in float32). A number that is not a class counts as a label of zeros.
// From outputs a, the mean over the outputs, as in PyTorch and Keras
//   meanSquaredError    (a - y)^2                                        dA 2 (a - y)
//   meanAbsoluteError   |a - y|                                          dA 1, -1, or 0 if a = y
//   huber               (a - y)^2 / 2; delta (|a - y| - delta / 2) if |a - y| > delta
//                                                                        dA a - y, clipped to [-delta, delta]
//   logCosh             log(cosh(a - y)); at most 9 ulp                  dA tanh(a - y)
//   poisson             a - y log(a + 1e-7), a >= 0; NaN below -1e-7     dA 1 - y / (a + 1e-7)
//   hinge               max(0, 1 - y a), y -1 or 1                       dA -y, or 0 if y a >= 1
//       hit: in every output, a > 0 if the label is 1, and a <= 0 if it is -1
//   quantile            q (y - a) if y > a, (1 - q) (a - y) otherwise, with the output's level q
//                                                                        dA -q, 1 - q, or 0 if a = y
// From outputs a, the sum over the outputs
//   klDivergence        y log(y / p), 0 if y = 0, with p = max(a, 2^-100)        dA -y / p
template <typename T>
Totals ComputeLoss(const LossSpec& spec, const T* z, const T* y, const T* weights, size_t m, size_t outputs,
                   size_t ld, T scale, T* dz);

// Binary cross-entropy of probabilities, as in the article: -sum(Y log P + (1 - Y) log(1 - P)). P is first
// clipped to the smallest normal number and the largest number below 1, so that no logarithm is infinite.
// Logarithms are off by at most 1 ulp (0.93 found).
template <typename T>
double BinaryCrossEntropy(const T* p, const T* y, size_t size);

// Its derivative, with P clipped in this way: dA = -(Y / P - (1 - Y) / (1 - P)).
template <typename T>
void BinaryCrossEntropyBackward(const T* p, const T* y, size_t size, T* da);

// The number of samples whose labels are all decided right, as the article counts them: output > threshold if
// the label is 1, not above it if the label is 0. Other labels are never right. A and Y (outputs, m), rows
// `ld` apart.
template <typename T>
size_t CountBinaryHits(const T* a, const T* y, size_t m, size_t outputs, size_t ld, T threshold);

}  // namespace blasnet
