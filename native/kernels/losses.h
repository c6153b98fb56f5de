// Losses and accuracy. m samples of `outputs` values each; a loss is returned as a sum over the samples, to
// be divided by m, and a gradient is multiplied by `scale` (1 / m, for the gradient of the mean).
#pragma once

#include "kernels/types.h"

namespace blasnet {

// Binary cross-entropy from logits, summed over samples and outputs:
//   loss = max(z, 0) - z * y + log(1 + exp(-|z|)), finite for every finite z; at most 3 ulp (2.76 found) for
//          one element with label 0 or 1
//   dZ = (sigmoid(z) - y) * scale
// Z, Y, dZ of `size` elements each; dZ may be Z, or null.
template <typename T>
double BinaryCrossEntropyFromLogits(const T* z, const T* y, size_t size, T scale, T* dz);

// Binary cross-entropy of probabilities, as in the article: -sum(Y log P + (1 - Y) log(1 - P)), where P is
// P kept between the smallest normal number and the largest number below 1, so that no logarithm is
// infinite. Logarithms are off by at most 1 ulp (0.93 found).
template <typename T>
double BinaryCrossEntropy(const T* p, const T* y, size_t size);

// Its derivative, with the same bounds on P: dA = -(Y / P - (1 - Y) / (1 - P)).
template <typename T>
void BinaryCrossEntropyBackward(const T* p, const T* y, size_t size, T* da);

// What some samples add up to.
struct Totals {
  double loss = 0;
  size_t hits = 0;  // samples predicted right
};

// Categorical cross-entropy from logits, one sample a column: Z (outputs, m)  Y (outputs, m), rows `ld`
// apart
//   loss = sum over outputs of y * (log(sum(exp(z))) - z)
//   hit: the largest logit is where the label's largest value is (the first of equals)
//   dZ = (softmax(z) * sum(y) - y) * scale; may be Z, or null.
template <typename T>
Totals CategoricalCrossEntropyFromLogits(const T* z, const T* y, size_t m, size_t outputs, size_t ld, T scale,
                                         T* dz);

// Mean squared error: the mean over the outputs, summed over the samples.
//   dA = 2 / outputs * (a - y) * scale; may be A, or null.
template <typename T>
double MeanSquaredError(const T* a, const T* y, size_t m, size_t outputs, T scale, T* da);

// How many samples have every output in its label's class: output > threshold where the label is 1, not
// above it where the label is 0. (A label between the two is in no class.) The threshold is 0 for logits,
// 1/2 for probabilities. A and Y (outputs, m), rows `ld` apart.
template <typename T>
size_t CountBinaryHits(const T* a, const T* y, size_t m, size_t outputs, size_t ld, T threshold);

}  // namespace blasnet
