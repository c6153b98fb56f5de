// The kernels one by one, in place, for lib/functional.ts, for people's own loops and for the tests. Each
// takes its element type from an array among its arguments.
#include <algorithm>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/kernel_calls.h"
#include "engine/lbfgs.h"
#include "engine/plan.h"
#include "kernels/activations.h"
#include "kernels/blocks.h"
#include "kernels/gemm.h"
#include "kernels/layer.h"
#include "kernels/losses.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"
#include "kernels/vectors.h"

namespace blasnet {
namespace {

// gemm(transposeA, transposeB, m, n, k, alpha, A, B, beta, C)
template <typename T>
void GemmOf(const Args& args) {
  const size_t m = args.Size(2), n = args.Size(3), k = args.Size(4);
  Gemm(static_cast<Transpose>(args.Boolean(0)), static_cast<Transpose>(args.Boolean(1)), m, n, k,
       static_cast<T>(args.Number(5)), args.Array<T>(6, Elements(args, 2, m, k)),
       args.Array<T>(7, Elements(args, 3, k, n)), static_cast<T>(args.Number(8)),
       args.Array<T>(9, Elements(args, 2, m, n)));
}

// product(rows, n, k, L, lRowStride, lKStride, R, ldr, bias or null, accumulate, epilogue, relu or null, C,
// ldc)
template <typename T>
void ProductOf(const Args& args) {
  const size_t rows = args.PositiveSize(0), n = args.PositiveSize(1), k = args.PositiveSize(2);
  const size_t l_row = args.Size(4), l_k = args.Size(5), ldr = args.Size(7), ldc = args.Size(13);
  if (ldr < PaddedSize<T>(n)) throw args.Wrong(7, "n rounded up to 64 bytes, or more");
  if (ldc < PaddedSize<T>(n)) throw args.Wrong(13, "n rounded up to 64 bytes, or more");
  const size_t l_size = Elements(args, 4, rows - 1, l_row) + Elements(args, 5, k - 1, l_k) + 1;
  const size_t c_size = Elements(args, 13, rows, ldc);
  ProductOptions<T> options;
  if (args.Has(8)) options.bias = args.Array<T>(8, rows);
  options.accumulate = args.Boolean(9);
  options.epilogue = args.Enum(10, Epilogue::kReluGradient);
  if (options.epilogue == Epilogue::kReluGradient) options.relu = args.Array<T>(11, c_size);
  Product(rows, n, k, Strided<T>{args.Array<T>(3, l_size), l_row, l_k},
          args.Array<T>(6, Elements(args, 7, k, ldr)), ldr, args.Array<T>(12, c_size), ldc, options);
}

// productUnpadded(rows, n, k, L (k, rows), R (k, n), C (rows, n), accumulate): L^T R
template <typename T>
void ProductUnpaddedOf(const Args& args) {
  const size_t rows = args.PositiveSize(0), n = args.PositiveSize(1), k = args.PositiveSize(2);
  ProductUnpadded(rows, n, k, Strided<T>{args.Array<T>(3, Elements(args, 2, k, rows)), 1, rows},
                  args.Array<T>(4, Elements(args, 2, k, n)), n, args.Array<T>(5, Elements(args, 0, rows, n)),
                  n, args.Boolean(6));
}

// dotProducts(rows, cols, k, L (rows, k), R (cols, k), bias or null, accumulate, C (rows, cols))
template <typename T>
void DotProductsOf(const Args& args) {
  const size_t rows = args.PositiveSize(0), cols = args.PositiveSize(1), k = args.PositiveSize(2);
  DotProducts(rows, cols, k, args.Array<T>(3, Elements(args, 0, rows, k)), k,
              args.Array<T>(4, Elements(args, 1, cols, k)), k, args.Has(5) ? args.Array<T>(5, rows) : nullptr,
              args.Boolean(6), args.Array<T>(7, Elements(args, 0, rows, cols)), cols);
}

// rowSums(rows, n, A (rows, n), accumulate, sums)
template <typename T>
void RowSumsOf(const Args& args) {
  const size_t rows = args.Size(0), n = args.Size(1);
  RowSums(rows, n, args.Array<T>(2, Elements(args, 0, rows, n)), n, args.Boolean(3), args.Array<T>(4, rows));
}

// activationForward(activation, alpha, sampleAxis, m, units, Z, A)
template <typename T>
void ActivationForwardOf(const Args& args) {
  const size_t m = args.Size(3), units = args.PositiveSize(4), size = Elements(args, 3, m, units);
  ActivationForward(args.Enum(0, kLastActivation), static_cast<T>(args.Number(1)),
                    args.Enum(2, SampleAxis::kColumns), m, units, args.Array<T>(5, size),
                    args.Array<T>(6, size));
}

// activationBackward(activation, alpha, sampleAxis, m, units, dA, Z, A, dZ): Z may be null for an activation
// whose derivative goes by A.
template <typename T>
void ActivationBackwardOf(const Args& args) {
  const size_t m = args.Size(3), units = args.PositiveSize(4), size = Elements(args, 3, m, units);
  const Activation activation = args.Enum(0, kLastActivation);
  const T* z = NeedsInputs(activation) || args.Has(6) ? args.Array<T>(6, size) : nullptr;
  ActivationBackward(activation, static_cast<T>(args.Number(1)), args.Enum(2, SampleAxis::kColumns), m, units,
                     args.Array<T>(5, size), z, args.Array<T>(7, size), args.Array<T>(8, size));
}

// The leading arguments of the layer functions: (sampleAxis, m, inputs, outputs, ...)
LayerShape Shape(const Args& args) { return {args.Size(1), args.Size(2), args.Size(3)}; }

// layerForward(sampleAxis, m, inputs, outputs, X, W, b, Z)
template <typename T>
void LayerForwardOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerForward(args.Enum(0, SampleAxis::kColumns), {m, in, out}, args.Array<T>(4, Elements(args, 1, m, in)),
               args.Array<T>(5, Elements(args, 2, in, out)), args.Array<T>(6, out),
               args.Array<T>(7, Elements(args, 1, m, out)));
}

// layerGradients(sampleAxis, m, inputs, outputs, alpha, dZ, X, dW, db)
template <typename T>
void LayerGradientsOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerGradients(args.Enum(0, SampleAxis::kColumns), {m, in, out}, static_cast<T>(args.Number(4)),
                 args.Array<T>(5, Elements(args, 1, m, out)), args.Array<T>(6, Elements(args, 1, m, in)),
                 args.Array<T>(7, Elements(args, 2, in, out)), args.Array<T>(8, out));
}

// layerInputGradient(sampleAxis, m, inputs, outputs, dZ, W, dX)
template <typename T>
void LayerInputGradientOf(const Args& args) {
  const auto [m, in, out] = Shape(args);
  LayerInputGradient(
      args.Enum(0, SampleAxis::kColumns), {m, in, out}, args.Array<T>(4, Elements(args, 1, m, out)),
      args.Array<T>(5, Elements(args, 2, in, out)), args.Array<T>(6, Elements(args, 1, m, in)));
}

// binaryCrossEntropy(P, Y): the sum
template <typename T>
double BinaryCrossEntropyOf(const Args& args) {
  const size_t size = args.Length(0);
  return BinaryCrossEntropy(args.Array<T>(0, size), args.Array<T>(1, size), size);
}

// binaryCrossEntropyBackward(P, Y, dA)
template <typename T>
void BinaryCrossEntropyBackwardOf(const Args& args) {
  const size_t size = args.Length(0);
  BinaryCrossEntropyBackward(args.Array<T>(0, size), args.Array<T>(1, size), size, args.Array<T>(2, size));
}

// The leading arguments of the loss functions, samples in columns: (loss, smoothing, delta, m, outputs, ld, Z
// (outputs, ld), Y (outputs, ld), or (m) classes, ...)
template <typename T>
struct LossArguments {
  LossSpec spec;
  size_t m, outputs, ld, size;
  const T* z;
  const T* y;

  explicit LossArguments(const Args& args)
      : spec{args.Enum(0, kLastLoss), args.Number(1), args.Number(2)},
        m(args.Size(3)),
        outputs(args.PositiveSize(4)),
        ld(args.Size(5)),
        size(Elements(args, 5, ld, outputs)),
        z(args.Array<T>(6, size)),
        y(args.Array<T>(7, spec.loss == Loss::kSparseCategoricalCrossEntropy ? m : size)) {
    if (ld < m) throw args.Wrong(5, "m or more");
  }
};

// lossFromOutputs(..., weights or null, scale, dZ or null): the sum over the samples. Z holds logits for the
// cross-entropies and outputs for the others.
template <typename T>
double LossFromOutputsOf(const Args& args) {
  const LossArguments<T> of(args);
  const T* weights = args.Has(8) ? args.Array<T>(8, of.m) : nullptr;
  const T scale = static_cast<T>(args.Number(9));
  T* dz = args.Has(10) ? args.Array<T>(10, of.size) : nullptr;
  return LossOf(of.spec, of.z, of.y, weights, of.m, of.outputs, of.ld, scale, dz).loss;
}

// countHits(...): the samples that the loss takes for predicted right
template <typename T>
double CountHitsOf(const Args& args) {
  const LossArguments<T> of(args);
  const T* none = nullptr;
  const Totals totals =
      LossOf(of.spec, of.z, of.y, none, of.m, of.outputs, of.ld, T{0}, static_cast<T*>(nullptr));
  return static_cast<double>(totals.hits);
}

// countBinaryHits(m, outputs, A, Y, threshold), samples in columns
template <typename T>
double CountBinaryHitsOf(const Args& args) {
  const size_t m = args.Size(0), outputs = args.PositiveSize(1), size = Elements(args, 0, m, outputs);
  return static_cast<double>(CountBinaryHits(args.Array<T>(2, size), args.Array<T>(3, size), m, outputs, m,
                                             static_cast<T>(args.Number(4))));
}

// gradientDescent(parameters, gradients, learningRate)
template <typename T>
void GradientDescentOf(const Args& args) {
  const size_t size = args.Length(0);
  GradientDescent(args.Array<T>(0, size), args.Array<T>(1, size), size, static_cast<T>(args.Number(2)));
}

// updateParameters(optimizer, hyperparameters, learningRate, step, parameters, gradients, states)
template <typename T>
void UpdateParametersOf(const Args& args) {
  const size_t size = args.Length(4);
  const Optimizer optimizer = args.Enum(0, kLastFirstOrder);
  const double* hyperparameters = args.Array<double>(1, kHyperparameters);
  const size_t step = args.Size(3, size_t{1} << 53);
  const auto factors = FactorsOf<T>(optimizer, hyperparameters, args.Number(2), step);
  T* states = args.Array<T>(6, Elements(args, 6, StatesOf(optimizer, hyperparameters), size));
  UpdateParameters(factors, size, args.Array<T>(4, size), args.Array<T>(5, size), states, size);
}

// optimizerStateSize(optimizer, hyperparameters, parameters)
Napi::Value OptimizerStateSize(const Napi::CallbackInfo& info) {
  const Args args(info);
  const size_t size =
      StateSize(args.Enum(0, kLastOptimizer), args.Array<double>(1, kHyperparameters), args.Size(2));
  return Napi::Number::New(info.Env(), static_cast<double>(size));
}

// dot(a, b)
template <typename T>
double DotOf(const Args& args) {
  const size_t size = args.Length(0);
  return Dot(args.Array<T>(0, size), args.Array<T>(1, size), size);
}

// sumOfSizes(a), largestSize(a)
template <typename T>
double SumOfSizesOf(const Args& args) {
  const size_t size = args.Length(0);
  return SumOfSizes(args.Array<T>(0, size), size);
}

template <typename T>
double LargestSizeOf(const Args& args) {
  const size_t size = args.Length(0);
  return LargestSize(args.Array<T>(0, size), size);
}

// addScaled(x, factor, y, out)
template <typename T>
void AddScaledOf(const Args& args) {
  const size_t size = args.Length(0);
  AddScaled(args.Array<T>(0, size), args.Number(1), args.Array<T>(2, size), size, args.Array<T>(3, size));
}

// scale(x, factor, out)
template <typename T>
void ScaleOf(const Args& args) {
  const size_t size = args.Length(0);
  Scale(args.Array<T>(0, size), args.Number(1), size, args.Array<T>(2, size));
}

// lbfgsStep(hyperparameters, parameters, gradients, state, evaluate): the status. `evaluate` leaves the
// gradients at the parameters in `gradients` and returns the loss, or undefined to stop. All are shared, for
// it might detach them.
template <typename T>
double LbfgsStepOf(const Args& args) {
  for (size_t i = 1; i <= 3; i++) args.CheckShared(i);
  const size_t size = args.Length(1);
  const LbfgsOptions options = LbfgsOptionsOf(args.Array<double>(0, kHyperparameters));
  T* parameters = args.Array<T>(1, size);
  const T* found = args.Array<T>(2, size);
  T* state = args.Array<T>(3, LbfgsStateSize(options.history, size));
  const Napi::Function evaluate = args.Function(4);
  LbfgsPoint before{};
  const auto status = Lbfgs<T>(options, size, parameters, state)
                          .Step(
                              [&](T* gradients, LbfgsPoint* point) {
                                const Napi::Value loss = evaluate.Call({});
                                if (!loss.IsNumber()) return false;
                                point->loss = loss.As<Napi::Number>().DoubleValue();
                                std::copy_n(found, size, gradients);
                                return true;
                              },
                              &before);
  return static_cast<double>(status);
}

// firstNonFinite(data): the index of the first NaN or infinity, or -1
template <typename T>
double FirstNonFiniteOf(const Args& args) {
  const size_t size = args.Length(0);
  const size_t index = FirstNonFinite(args.Array<T>(0, size), size);
  return index == size ? -1 : static_cast<double>(index);
}

// firstOutside(data, low, high): the index of the first element outside [low, high], or -1
template <typename T>
double FirstOutsideOf(const Args& args) {
  const size_t size = args.Length(0);
  const size_t index = FirstOutside(args.Array<T>(0, size), size, static_cast<T>(args.Number(1)),
                                    static_cast<T>(args.Number(2)));
  return index == size ? -1 : static_cast<double>(index);
}

// firstBadLabel(labels, loss, outputs): the index of the first label that the loss does not take, or -1
template <typename T>
double FirstBadLabelOf(const Args& args) {
  const size_t size = args.Length(0);
  const size_t index =
      FirstBadLabel(args.Enum(1, kLastLoss), args.PositiveSize(2), args.Array<T>(0, size), size);
  return index == size ? -1 : static_cast<double>(index);
}

}  // namespace

void ExportKernels(Napi::Env env, Napi::Object exports) {
  BLASNET_EXPORT("gemm", GemmOf, void, 9);
  BLASNET_EXPORT("product", ProductOf, void, 12);
  BLASNET_EXPORT("productUnpadded", ProductUnpaddedOf, void, 5);
  BLASNET_EXPORT("dotProducts", DotProductsOf, void, 7);
  BLASNET_EXPORT("rowSums", RowSumsOf, void, 4);
  BLASNET_EXPORT("activationForward", ActivationForwardOf, void, 6);
  BLASNET_EXPORT("activationBackward", ActivationBackwardOf, void, 8);
  BLASNET_EXPORT("layerForward", LayerForwardOf, void, 7);
  BLASNET_EXPORT("layerGradients", LayerGradientsOf, void, 7);
  BLASNET_EXPORT("layerInputGradient", LayerInputGradientOf, void, 6);
  BLASNET_EXPORT("binaryCrossEntropy", BinaryCrossEntropyOf, double, 0);
  BLASNET_EXPORT("binaryCrossEntropyBackward", BinaryCrossEntropyBackwardOf, void, 0);
  BLASNET_EXPORT("lossFromOutputs", LossFromOutputsOf, double, 6);
  BLASNET_EXPORT("countBinaryHits", CountBinaryHitsOf, double, 2);
  BLASNET_EXPORT("countHits", CountHitsOf, double, 6);
  BLASNET_EXPORT("gradientDescent", GradientDescentOf, void, 0);
  BLASNET_EXPORT("updateParameters", UpdateParametersOf, void, 4);
  BLASNET_EXPORT("dot", DotOf, double, 0);
  BLASNET_EXPORT("sumOfSizes", SumOfSizesOf, double, 0);
  BLASNET_EXPORT("largestSize", LargestSizeOf, double, 0);
  BLASNET_EXPORT("addScaled", AddScaledOf, void, 0);
  BLASNET_EXPORT("scale", ScaleOf, void, 0);
  BLASNET_EXPORT("lbfgsStep", LbfgsStepOf, double, 1);
  exports.Set("optimizerStateSize", Napi::Function::New<OptimizerStateSize>(env, "optimizerStateSize"));
  BLASNET_EXPORT("firstNonFinite", FirstNonFiniteOf, double, 0);
  BLASNET_EXPORT("firstBadLabel", FirstBadLabelOf, double, 0);
  BLASNET_EXPORT("firstOutside", FirstOutsideOf, double, 0);
}

}  // namespace blasnet
