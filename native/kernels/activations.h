// Activations and their derivatives. Every array holds one value a unit and sample; softmax alone looks
// across the units of a sample, and so needs to know which way the samples lie.
#pragma once

#include "kernels/types.h"

namespace blasnet {

// Z (units, m) or (m, units) -> A of the same shape; A may be Z.
template <typename T>
void ActivationForward(Activation activation, SampleAxis axis, size_t m, size_t units, const T* z, T* a);

// dZ = dA * g'(Z), from A = g(Z); dZ may be dA or A.
//   sigmoid  dA * A * (1 - A)        relu  dA, but 0 where A <= 0
//   tanh     dA * (1 - A * A)        softmax  A * (dA - sum over the sample's units of dA * A)
template <typename T>
void ActivationBackward(Activation activation, SampleAxis axis, size_t m, size_t units, const T* da,
                        const T* a, T* dz);

// The instruction set that the vector loops run on.
const char* SimdTarget();

}  // namespace blasnet
