// Activations and their derivatives. Every array holds one value per unit and sample. Only softmax and
// logSoftmax depend on all units of a sample, so only they need to know the sample axis.
#pragma once

#include <iterator>
#include <string>

#include "kernels/types.h"

namespace blasnet {

// Whether the activation of a unit depends on its own Z only, or on all units of the sample.
enum class DependsOn { kOwnUnit, kAllUnits };
// Whether the derivative is computed from A, or from Z because different Z have the same A.
enum class SlopeFrom { kOutputs, kInputs };

// One row per activation: its name, and the traits that the engine uses. A struct of that name in
// activations.cc holds its formulas; lib/layers/activations.ts has its row for users. JavaScript passes an
// activation as its row number.
#define BLASNET_ACTIVATIONS(ROW)                      \
  ROW(Linear, "linear", kOwnUnit, kOutputs)           \
  ROW(Sigmoid, "sigmoid", kOwnUnit, kOutputs)         \
  ROW(Relu, "relu", kOwnUnit, kOutputs)               \
  ROW(Tanh, "tanh", kOwnUnit, kOutputs)               \
  ROW(Softmax, "softmax", kAllUnits, kOutputs)        \
  ROW(LeakyRelu, "leakyRelu", kOwnUnit, kOutputs)     \
  ROW(Elu, "elu", kOwnUnit, kOutputs)                 \
  ROW(Selu, "selu", kOwnUnit, kOutputs)               \
  ROW(Gelu, "gelu", kOwnUnit, kInputs)                \
  ROW(GeluTanh, "geluTanh", kOwnUnit, kInputs)        \
  ROW(Silu, "silu", kOwnUnit, kInputs)                \
  ROW(Softplus, "softplus", kOwnUnit, kOutputs)       \
  ROW(Softsign, "softsign", kOwnUnit, kOutputs)       \
  ROW(HardSigmoid, "hardSigmoid", kOwnUnit, kOutputs) \
  ROW(Mish, "mish", kOwnUnit, kInputs)                \
  ROW(Exponential, "exponential", kOwnUnit, kOutputs) \
  ROW(LogSoftmax, "logSoftmax", kAllUnits, kOutputs)

enum class Activation : int32_t {
#define BLASNET_ROW(Name, name, depends_on, slope_from) k##Name,
  BLASNET_ACTIVATIONS(BLASNET_ROW)
#undef BLASNET_ROW
};

struct ActivationTraits {
  const char* name;
  DependsOn depends_on;
  SlopeFrom slope_from;
};

inline constexpr ActivationTraits kActivations[] = {
#define BLASNET_ROW(Name, name, depends_on, slope_from) {name, DependsOn::depends_on, SlopeFrom::slope_from},
    BLASNET_ACTIVATIONS(BLASNET_ROW)
#undef BLASNET_ROW
};

inline constexpr Activation kLastActivation = static_cast<Activation>(std::size(kActivations) - 1);

constexpr ActivationTraits TraitsOf(Activation a) { return kActivations[static_cast<size_t>(a)]; }

constexpr bool NeedsAllUnits(Activation a) { return TraitsOf(a).depends_on == DependsOn::kAllUnits; }

// Whether ActivationBackward reads Z.
constexpr bool NeedsInputs(Activation a) { return TraitsOf(a).slope_from == SlopeFrom::kInputs; }

// Z (units, m) or (m, units) -> A of the same shape; A may be Z.
//
//   linear       z                                softmax      exp(z) / sum of exp over the sample's units
//   sigmoid      1 / (1 + exp(-z))                relu         max(0, z)
//   tanh         tanh(z)                          leakyRelu    z, but alpha * z where z < 0
//   elu          z, but alpha * (exp(z) - 1) where z < 0
//   selu         s * z, but s * t * (exp(z) - 1) where z < 0 (Klambauer et al., 2017)
//   gelu         z * P(z), P the normal distribution's (Hendrycks and Gimpel, 2016)
//   geluTanh     z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 z^3))), their approximation of it
//   silu         z * sigmoid(z)                   mish         z * tanh(softplus(z)) (Misra, 2019)
//   softplus     log(1 + exp(z))                  exponential  exp(z)
//   softsign     z / (1 + |z|)                    hardSigmoid  (z + 3) / 6, kept between 0 and 1
//   logSoftmax   log(softmax(z))
//
// alpha is the slope of leakyRelu below 0, or minus the limit of elu towards -infinity. It is above 0. The
// other activations have none.
template <typename T>
void ActivationForward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* z,
                       T* a);

// dZ = dA * g'(Z); dZ may be dA, Z or A. The derivative is computed from A = g(Z), or from Z if
// NeedsInputs(activation). Otherwise Z may be null.
//
//   sigmoid    dA * A * (1 - A)                   softmax     A * (dA - sum over the units of dA * A)
//   tanh       dA * (1 - A * A)                   logSoftmax  dA - exp(A) * sum over the units of dA
//   relu       dA, but 0 where A <= 0             leakyRelu   dA, but alpha * dA where A <= 0
//   elu        dA, but dA * (A + alpha) where A <= 0
//   selu       s * dA, but dA * (A + s * t) where A <= 0
//   softplus   dA * (1 - exp(-A))                 softsign    dA * (1 - |A|)^2
//   hardSigmoid  dA / 6, but 0 where A is 0 or 1  exponential dA * A
//   gelu       dA * (P(Z) + Z * P'(Z)); geluTanh, silu and mish by their formulas
//
// At its kink, relu has the derivative 0; the others have the derivative from below, as in PyTorch. Slopes
// are off by at most 8 ulp of 1, except that of exponential, which is A.
template <typename T>
void ActivationBackward(Activation activation, T alpha, SampleAxis axis, size_t m, size_t units, const T* da,
                        const T* z, const T* a, T* dz);

// The instruction set that the vector loops use.
const char* SimdTarget();

// All instruction sets in this build, the best first, separated by spaces.
std::string SimdTargets();

}  // namespace blasnet
