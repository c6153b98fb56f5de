// Losses and accuracy. m samples of `outputs` values each; a loss is returned as a sum over the samples, to
// be divided by m, and a gradient is multiplied by `scale` (1 / m, for the gradient of the mean).
#pragma once

#include "kernels/types.h"

namespace blasnet {

// What some samples add up to.
struct Totals {
  double loss = 0;
  size_t hits = 0;  // samples predicted right
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
Totals LossOf(const LossSpec& spec, const T* z, const T* y, const T* weights, size_t m, size_t outputs,
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
