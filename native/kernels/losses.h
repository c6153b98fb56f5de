// Losses and accuracy. m samples of `outputs` values each; a loss is returned as a sum over the samples, to
// be divided by m, and a gradient is multiplied by `scale` (1 / m, for the gradient of the mean).
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "kernels/record.h"

namespace blasnet {

// What a loss is computed from: Z of the output layer, fused with its activation, or A.
enum class LossOf { kLogits, kOutputs };
// What labels have to be. kClasses: integers from 0 to outputs - 1, one a sample; kSigns: -1 or 1.
enum class LabelRule { kFinite, kNotNegative, kUnitInterval, kSigns, kClasses };
inline constexpr const char* kLabelRuleNames[] = {"finite", "notNegative", "unitInterval", "signs",
                                                  "classes"};
// How samples that are predicted right are counted. kSides: every output is on its label's side of 0;
// kLargest: the largest output is where the largest label is, the first of equals.
enum class Hits { kNone, kSides, kLargest };

// One row a loss: the name, and the traits that the engine and lib/ go by. Its formula is its case in
// losses.cc; lib/layers/losses.ts has its row for users. JavaScript passes a loss as the number of its row.
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
  ROW(KlDivergence, "klDivergence", kOutputs, kUnitInterval, kNone)

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

// Whether a loss's labels are classes, one a sample.
constexpr bool TakesClasses(Loss loss) { return TraitsOf(loss).labels == LabelRule::kClasses; }

// The options of all losses, as lib/layers/losses.ts names them; each loss reads its own.
struct LossOptions {
  double label_smoothing;  // of the cross-entropies, in [0, 1)
  double delta;            // of huber, above 0: where squares end

  static constexpr Field<LossOptions> kFields[] = {{"labelSmoothing", &LossOptions::label_smoothing},
                                                   {"delta", &LossOptions::delta}};
};

struct LossSpec {
  Loss loss;
  LossOptions options;
};

// What some samples add up to.
struct Totals {
  double loss = 0;
  size_t hits = 0;  // samples predicted right

  void Add(const Totals& other) {
    loss += other.loss;
    hits += other.hits;
  }
};

// A tile's loss, one sample a column, rows `ld` apart: Z, or A = g(Z) unless FromLogits(loss) (outputs, m),
// Y (outputs, m). Each sample's loss and gradient, not its hit, are multiplied by its weight, unless
// `weights` (m) is null. dZ, the gradient by what stands in `z` times `scale`, may be that array, or null.
//
// Of logits z, with y smoothed by s: y (1 - s) + s / 2 in the first, y (1 - s) + s / outputs in the others;
// finite for all finite z
//   binaryCrossEntropy  sum over outputs of max(z, 0) - z y + log(1 + exp(-|z|)); at most 3 ulp (2.76 found)
//       for one element with label 0 or 1
//       dZ sigmoid(z) - y               hit: z > 0 where the label is 1, not where it is 0, in every output
//   categoricalCrossEntropy  sum over outputs of y (log(sum(exp(z))) - z)
//       dZ softmax(z) sum(y) - y        hit: the largest z is where the largest label is (the first of
//       equals)
//   sparseCategoricalCrossEntropy  the same, with one row of Y that holds the class, from 0: exact up to 2^24
//       in float32. A number that is no class counts as a label of zeros.
// Of outputs a, the mean over the outputs, as PyTorch and Keras have them
//   meanSquaredError    (a - y)^2                                        dA 2 (a - y)
//   meanAbsoluteError   |a - y|                                          dA 1, -1, or 0 where a = y
//   huber               (a - y)^2 / 2, delta (|a - y| - delta / 2) beyond delta
//                                                                        dA a - y kept within +-delta
//   logCosh             log(cosh(a - y)); at most 9 ulp                  dA tanh(a - y)
//   poisson             a - y log(a + 1e-7), a >= 0; NaN below -1e-7     dA 1 - y / (a + 1e-7)
//   hinge               max(0, 1 - y a), y -1 or 1                       dA -y, or 0 where y a >= 1
//       hit: a > 0 where the label is 1, not where it is -1, in every output
// Of outputs a, the sum over the outputs
//   klDivergence        y log(y / p), 0 where y = 0, with p = max(a, 2^-100)     dA -y / p
template <typename T>
Totals ComputeLoss(const LossSpec& spec, const T* z, const T* y, const T* weights, size_t m, size_t outputs,
                   size_t ld, T scale, T* dz);

// Binary cross-entropy of probabilities, as in the article: -sum(Y log P + (1 - Y) log(1 - P)), where P is
// P kept between the smallest normal number and the largest number below 1, so that no logarithm is
// infinite. Logarithms are off by at most 1 ulp (0.93 found).
template <typename T>
double BinaryCrossEntropy(const T* p, const T* y, size_t size);

// Its derivative, with the same bounds on P: dA = -(Y / P - (1 - Y) / (1 - P)).
template <typename T>
void BinaryCrossEntropyBackward(const T* p, const T* y, size_t size, T* da);

// How many samples have every output in its label's class: output > threshold where the label is 1, not
// above it where the label is `other`. (Another label is in no class.) The threshold is 0 for logits, 1/2 for
// probabilities. A and Y (outputs, m), rows `ld` apart.
template <typename T>
size_t CountBinaryHits(const T* a, const T* y, size_t m, size_t outputs, size_t ld, T threshold, T other = 0);

}  // namespace blasnet
