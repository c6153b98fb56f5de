// The kernels that lib/ calls one by one, for example lib/functional.ts. Each works in place and takes its
// element type from one of its array arguments.
#include <algorithm>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/kernel_calls.h"
#include "binding/optimizers.h"
#include "kernels/activations.h"
#include "kernels/gemm.h"
#include "kernels/layer.h"
#include "kernels/losses.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// gemm(transposeA, transposeB, m, n, k, alpha, A, B, beta, C)
template <typename T>
void GemmOf(const Args& args) {
  const size_t m = args[2].Size(), n = args[3].Size(), k = args[4].Size();
  Gemm(static_cast<Transpose>(args[0].Boolean()), static_cast<Transpose>(args[1].Boolean()), m, n, k,
       static_cast<T>(args[5].Number()), args[6].Array<T>(Elements(args, 2, m, k)),
       args[7].Array<T>(Elements(args, 3, k, n)), static_cast<T>(args[8].Number()),
       args[9].Array<T>(Elements(args, 2, m, n)));
}

// activationForward(activation, alpha, sampleAxis, m, units, Z, A)
template <typename T>
void ActivationForwardOf(const Args& args) {
  const size_t m = args[3].Size(), units = args[4].PositiveSize(), size = Elements(args, 3, m, units);
  ActivationForward(args[0].Enum(kLastActivation), static_cast<T>(args[1].Number()),
                    args[2].Enum(SampleAxis::kColumns), m, units, args[5].Array<T>(size),
                    args[6].Array<T>(size));
}

// activationBackward(activation, alpha, sampleAxis, m, units, dA, Z, A, dZ). Z may be null if the derivative
// is computed from A.
template <typename T>
void ActivationBackwardOf(const Args& args) {
  const size_t m = args[3].Size(), units = args[4].PositiveSize(), size = Elements(args, 3, m, units);
  const Activation activation = args[0].Enum(kLastActivation);
  const T* z = NeedsInputs(activation) || args[6].Given() ? args[6].Array<T>(size) : nullptr;
  ActivationBackward(activation, static_cast<T>(args[1].Number()), args[2].Enum(SampleAxis::kColumns), m,
                     units, args[5].Array<T>(size), z, args[7].Array<T>(size), args[8].Array<T>(size));
}

// The first arguments of the layer functions: (sampleAxis, m, inputs, outputs, ...)
LayerShape Shape(const Args& args) { return {args[1].Size(), args[2].Size(), args[3].Size()}; }

// layerForward(sampleAxis, m, inputs, outputs, X, W, b, Z)
template <typename T>
void LayerForwardOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerForward(args[0].Enum(SampleAxis::kColumns), {m, in, out}, args[4].Array<T>(Elements(args, 1, m, in)),
               args[5].Array<T>(Elements(args, 2, in, out)), args[6].Array<T>(out),
               args[7].Array<T>(Elements(args, 1, m, out)));
}

// layerGradients(sampleAxis, m, inputs, outputs, alpha, dZ, X, dW, db)
template <typename T>
void LayerGradientsOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerGradients(args[0].Enum(SampleAxis::kColumns), {m, in, out}, static_cast<T>(args[4].Number()),
                 args[5].Array<T>(Elements(args, 1, m, out)), args[6].Array<T>(Elements(args, 1, m, in)),
                 args[7].Array<T>(Elements(args, 2, in, out)), args[8].Array<T>(out));
}

// layerInputGradient(sampleAxis, m, inputs, outputs, dZ, W, dX)
template <typename T>
void LayerInputGradientOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerInputGradient(
      args[0].Enum(SampleAxis::kColumns), {m, in, out}, args[4].Array<T>(Elements(args, 1, m, out)),
      args[5].Array<T>(Elements(args, 2, in, out)), args[6].Array<T>(Elements(args, 1, m, in)));
}

// binaryCrossEntropy(P, Y): returns the sum
template <typename T>
double BinaryCrossEntropyOf(const Args& args) {
  const size_t size = args[0].Length();
  return BinaryCrossEntropy(args[0].Array<T>(size), args[1].Array<T>(size), size);
}

// binaryCrossEntropyBackward(P, Y, dA)
template <typename T>
void BinaryCrossEntropyBackwardOf(const Args& args) {
  const size_t size = args[0].Length();
  BinaryCrossEntropyBackward(args[0].Array<T>(size), args[1].Array<T>(size), size, args[2].Array<T>(size));
}

// countBinaryHits(m, outputs, A, Y, threshold), samples in columns
template <typename T>
double CountBinaryHitsOf(const Args& args) {
  const size_t m = args[0].Size(), outputs = args[1].PositiveSize(), size = Elements(args, 0, m, outputs);
  return static_cast<double>(CountBinaryHits(args[2].Array<T>(size), args[3].Array<T>(size), m, outputs, m,
                                             static_cast<T>(args[4].Number())));
}

// gradientDescent(parameters, gradients, learningRate)
template <typename T>
void GradientDescentOf(const Args& args) {
  const size_t size = args[0].Length();
  GradientDescent(args[0].Array<T>(size), args[1].Array<T>(size), size, static_cast<T>(args[2].Number()));
}

// optimizerStateSize(optimizer, options, parameters)
Napi::Value OptimizerStateSize(const Napi::CallbackInfo& info) {
  const Args args(info);
  const size_t size = StateSize(ReadOptimizer(args[0].Size(kOptimizerCount - 1), args[1]), args[2].Size());
  return Napi::Number::New(info.Env(), static_cast<double>(size));
}

// firstNonFinite(data): returns the index of the first NaN or infinity, or -1
template <typename T>
double FirstNonFiniteOf(const Args& args) {
  const size_t size = args[0].Length();
  const size_t index = FirstNonFinite(args[0].Array<T>(size), size);
  return index == size ? -1 : static_cast<double>(index);
}

// firstOutside(data, low, high): returns the index of the first element outside [low, high], or -1
template <typename T>
double FirstOutsideOf(const Args& args) {
  const size_t size = args[0].Length();
  const size_t index = FirstOutside(args[0].Array<T>(size), size, static_cast<T>(args[1].Number()),
                                    static_cast<T>(args[2].Number()));
  return index == size ? -1 : static_cast<double>(index);
}

}  // namespace

void ExportKernels(Napi::Env env, Napi::Object exports) {
  BLASNET_EXPORT("gemm", GemmOf, void, 9);
  BLASNET_EXPORT("activationForward", ActivationForwardOf, void, 6);
  BLASNET_EXPORT("activationBackward", ActivationBackwardOf, void, 8);
  BLASNET_EXPORT("layerForward", LayerForwardOf, void, 7);
  BLASNET_EXPORT("layerGradients", LayerGradientsOf, void, 7);
  BLASNET_EXPORT("layerInputGradient", LayerInputGradientOf, void, 6);
  BLASNET_EXPORT("binaryCrossEntropy", BinaryCrossEntropyOf, double, 0);
  BLASNET_EXPORT("binaryCrossEntropyBackward", BinaryCrossEntropyBackwardOf, void, 0);
  BLASNET_EXPORT("countBinaryHits", CountBinaryHitsOf, double, 2);
  BLASNET_EXPORT("gradientDescent", GradientDescentOf, void, 0);
  exports.Set("optimizerStateSize",
              Napi::Function::New<GuardedCall<OptimizerStateSize>>(env, "optimizerStateSize"));
  BLASNET_EXPORT("firstNonFinite", FirstNonFiniteOf, double, 0);
  BLASNET_EXPORT("firstOutside", FirstOutsideOf, double, 0);
}

}  // namespace blasnet
