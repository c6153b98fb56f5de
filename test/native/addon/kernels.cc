// Kernels that lib/ does not call one by one. Each works in place and takes its element type from one of its
// array arguments.
#include <algorithm>

#include "addon.h"
#include "binding/kernel_calls.h"
#include "binding/optimizers.h"
#include "engine/lbfgs.h"
#include "kernels/blocks.h"
#include "kernels/log_mean.h"
#include "kernels/losses.h"
#include "kernels/optimizers.h"
#include "kernels/row.h"
#include "kernels/scan.h"
#include "kernels/vectors.h"
#include "kernels/waves.h"

namespace blasnet {
namespace {

// product({ rows, n, k, L, lRowStride, lKStride, R, ldr, bias or null, accumulate, epilogue, relu or null, C,
// ldc })
template <typename T>
void ProductOf(const Properties& args) {
  const size_t rows = args["rows"].PositiveSize(), n = args["n"].PositiveSize(), k = args["k"].PositiveSize();
  const size_t l_row = args["lRowStride"].Size(), l_k = args["lKStride"].Size();
  const size_t ldr = args["ldr"].Size(), ldc = args["ldc"].Size();
  for (const char* name : {"ldr", "ldc"}) {
    if (args[name].Size() < PaddedSize<T>(n)) throw args[name].Wrong("n rounded up to 64 bytes, or more");
  }
  const size_t l_size =
      Elements(args["lRowStride"], rows - 1, l_row) + Elements(args["lKStride"], k - 1, l_k) + 1;
  const size_t c_size = Elements(args["ldc"], rows, ldc);
  ProductOptions<T> options;
  if (args["bias"].Given()) options.bias = args["bias"].Array<T>(rows);
  options.accumulate = args["accumulate"].Boolean();
  options.epilogue = args["epilogue"].Enum(Epilogue::kReluGradient);
  if (options.epilogue == Epilogue::kReluGradient) options.relu = args["relu"].Array<T>(c_size);
  Product(rows, n, k, Strided<T>{args["L"].Array<T>(l_size), l_row, l_k},
          args["R"].Array<T>(Elements(args["ldr"], k, ldr)), ldr, args["C"].Array<T>(c_size), ldc, options);
}

Napi::Value ProductCall(const Napi::CallbackInfo& info) {
  const Properties args(Args(info), 0,
                        {"rows", "n", "k", "L", "lRowStride", "lKStride", "R", "ldr", "bias", "accumulate",
                         "epilogue", "relu", "C", "ldc"});
  args["C"].IsFloat32() ? ProductOf<float>(args) : ProductOf<double>(args);
  return info.Env().Undefined();
}

// productUnpadded(rows, n, k, L (k, rows), R (k, n), C (rows, n), accumulate): L^T R
template <typename T>
void ProductUnpaddedOf(const Args& args) {
  const size_t rows = args[0].PositiveSize(), n = args[1].PositiveSize(), k = args[2].PositiveSize();
  ProductUnpadded(rows, n, k, Strided<T>{args[3].Array<T>(Elements(args, 2, k, rows)), 1, rows},
                  args[4].Array<T>(Elements(args, 2, k, n)), n, args[5].Array<T>(Elements(args, 0, rows, n)),
                  n, args[6].Boolean());
}

// productTransposed(rows, cols, k, L (rows, k), R (cols, k), C (rows, cols), accumulate)
template <typename T>
void ProductTransposedOf(const Args& args) {
  const size_t rows = args[0].PositiveSize(), cols = args[1].PositiveSize(), k = args[2].PositiveSize();
  ProductTransposed(rows, cols, k, args[3].Array<T>(Elements(args, 0, rows, k)), k,
                    args[4].Array<T>(Elements(args, 1, cols, k)), k,
                    args[5].Array<T>(Elements(args, 0, rows, cols)), cols, args[6].Boolean());
}

// dotProducts(rows, cols, k, L (rows, k), R (cols, k), bias or null, accumulate, relu, C (rows, cols))
template <typename T>
void DotProductsOf(const Args& args) {
  const size_t rows = args[0].PositiveSize(), cols = args[1].PositiveSize(), k = args[2].PositiveSize();
  ProductOptions<T> options;
  if (args[5].Given()) options.bias = args[5].Array<T>(rows);
  options.accumulate = args[6].Boolean();
  if (args[7].Boolean()) options.epilogue = Epilogue::kRelu;
  DotProducts(rows, cols, k, args[3].Array<T>(Elements(args, 0, rows, k)), k,
              args[4].Array<T>(Elements(args, 1, cols, k)), k,
              args[8].Array<T>(Elements(args, 0, rows, cols)), cols, options);
}

// rowForward(in, units, out, x (in), W (units, in), b (units), relu, V (out, units), c (out), h (units), z
// (out)): two layers, h = W x + b and z = V h + c. Only the first one may end in relu.
template <typename T>
void RowForwardOf(const Args& args) {
  const size_t in = args[0].Size(), units = args[1].Size(), out = args[2].Size();
  const RowLayer<T> layers[] = {
      {args[4].Array<T>(Elements(args, 0, in, units)), args[5].Array<T>(units), in, units, args[6].Boolean(),
       args[9].Array<T>(units)},
      {args[7].Array<T>(Elements(args, 1, units, out)), args[8].Array<T>(out), units, out, false,
       args[10].Array<T>(out)},
  };
  RowForward<T>(layers, 2, args[3].Array<T>(in));
}

// rowSums(rows, n, A (rows, n), accumulate, sums)
template <typename T>
void RowSumsOf(const Args& args) {
  const size_t rows = args[0].Size(), n = args[1].Size();
  RowSums(rows, n, args[2].Array<T>(Elements(args, 0, rows, n)), n, args[3].Boolean(),
          args[4].Array<T>(rows));
}

// The first arguments of the loss functions, samples in columns: (loss, options, m, outputs, ld, Z (outputs,
// ld), Y (outputs, ld) or (m) classes, ...)
template <typename T>
struct LossArguments {
  LossSpec spec;
  size_t m, outputs, ld, size;
  const T* z;
  const T* y;

  explicit LossArguments(const Args& args)
      : spec{args[0].Enum(kLastLoss), args[1].Record<LossOptions>()},
        m(args[2].Size()),
        outputs(args[3].PositiveSize()),
        ld(args[4].Size()),
        size(Elements(args, 4, ld, outputs)),
        z(args[5].Array<T>(size)),
        y(args[6].Array<T>(TakesClasses(spec.loss) ? m : size)) {
    if (ld < m) throw args[4].Wrong("m or more");
  }
};

// lossFromOutputs(..., weights or null, scale, dZ or null, levels (outputs) or null): returns the sum over
// the samples. Z holds logits for the cross-entropies, outputs for the others.
template <typename T>
double LossFromOutputsOf(const Args& args) {
  LossArguments<T> of(args);
  if (args[10].Given()) {
    const double* levels = args[10].Array<double>(of.outputs);
    of.spec.levels.assign(levels, levels + of.outputs);
  }
  const T* weights = args[7].Given() ? args[7].Array<T>(of.m) : nullptr;
  const T scale = static_cast<T>(args[8].Number());
  T* dz = args[9].Given() ? args[9].Array<T>(of.size) : nullptr;
  return ComputeLoss(of.spec, of.z, of.y, weights, of.m, of.outputs, of.ld, scale, dz).loss;
}

// countHits(...): returns the number of samples that the loss counts as predicted right
template <typename T>
double CountHitsOf(const Args& args) {
  const LossArguments<T> of(args);
  const T* none = nullptr;
  const Totals totals =
      ComputeLoss(of.spec, of.z, of.y, none, of.m, of.outputs, of.ld, T{0}, static_cast<T*>(nullptr));
  return static_cast<double>(totals.hits);
}

// updateParameters(optimizer, options, learningRate, step, parameters, gradients, states)
template <typename T>
void UpdateParametersOf(const Args& args) {
  const size_t size = args[4].Length();
  const auto options = std::get<FirstOrderOptions>(ReadOptimizer(args[0].Size(kOptimizerCount - 2), args[1]));
  const auto constants = ConstantsOf<T>(options, args[2].Number(), args[3].Size(size_t{1} << 53));
  T* states = args[6].Array<T>(Elements(args, 6, StateCount(options), size));
  UpdateParameters(constants, size, args[4].Array<T>(size), args[5].Array<T>(size), states, size);
}

// dot(a, b)
template <typename T>
double DotOf(const Args& args) {
  const size_t size = args[0].Length();
  return Dot(args[0].Array<T>(size), args[1].Array<T>(size), size);
}

// logMeanExp(blocks, x, out)
template <typename T>
void LogMeanExpOf(const Args& args) {
  const size_t size = args[2].Length(), blocks = args[0].PositiveSize();
  LogMeanExp<T>(blocks, size, args[1].Array<T>(blocks * size), args[2].Array<T>(size));
}

// waves(frequency, phase, x, cosines, sines)
template <typename T>
void WavesOf(const Args& args) {
  const size_t size = args[2].Length();
  Waves(size, static_cast<T>(args[0].Number()), static_cast<T>(args[1].Number()),
        static_cast<const T*>(args[2].Array<T>(size)), args[3].Array<T>(size), args[4].Array<T>(size));
}

// waveGradients(cosines, sines, dCosines, dSines, d)
template <typename T>
void WaveGradientsOf(const Args& args) {
  const size_t size = args[0].Length();
  const auto array = [&](size_t i) { return args[i].Array<T>(size); };
  WaveGradients<T>(size, array(0), array(1), array(2), array(3), array(4));
}

// sumOfSizes(a), largestSize(a)
template <typename T>
double SumOfSizesOf(const Args& args) {
  const size_t size = args[0].Length();
  return SumOfSizes(args[0].Array<T>(size), size);
}

template <typename T>
double LargestSizeOf(const Args& args) {
  const size_t size = args[0].Length();
  return LargestSize(args[0].Array<T>(size), size);
}

// addScaled(x, factor, y, out)
template <typename T>
void AddScaledOf(const Args& args) {
  const size_t size = args[0].Length();
  AddScaled(args[0].Array<T>(size), args[1].Number(), args[2].Array<T>(size), size, args[3].Array<T>(size));
}

// scale(x, factor, out)
template <typename T>
void ScaleOf(const Args& args) {
  const size_t size = args[0].Length();
  Scale(args[0].Array<T>(size), args[1].Number(), size, args[2].Array<T>(size));
}

// lbfgsStep(options, parameters, gradients, state, evaluate): returns the status. `evaluate` writes the
// gradients at the parameters to `gradients` and returns the loss, or undefined to stop. The arrays are
// shared, because `evaluate` could detach others.
template <typename T>
double LbfgsStepOf(const Args& args) {
  for (size_t i = 1; i <= 3; i++) args[i].CheckShared();
  const size_t size = args[1].Length();
  const LbfgsOptions options = args[0].Record<LbfgsOptions>();
  T* parameters = args[1].Array<T>(size);
  const T* found = args[2].Array<T>(size);
  T* state = args[3].Array<T>(LbfgsStateSize(options.History(), size));
  const Napi::Function evaluate = args[4].Function();
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

// firstBadLabel(labels, rule, outputs): returns the index of the first label that breaks the rule, or -1
template <typename T>
double FirstBadLabelOf(const Args& args) {
  const size_t size = args[0].Length();
  const size_t index =
      FirstBadLabel(args[1].Enum(LabelRule::kClasses), args[2].PositiveSize(), args[0].Array<T>(size), size);
  return index == size ? -1 : static_cast<double>(index);
}

}  // namespace

void ExportTestKernels(Napi::Env env, Napi::Object exports) {
  exports.Set("product", Napi::Function::New<ProductCall>(env, "product"));
  BLASNET_EXPORT("productUnpadded", ProductUnpaddedOf, void, 5);
  BLASNET_EXPORT("productTransposed", ProductTransposedOf, void, 5);
  BLASNET_EXPORT("dotProducts", DotProductsOf, void, 8);
  BLASNET_EXPORT("rowForward", RowForwardOf, void, 3);
  BLASNET_EXPORT("rowSums", RowSumsOf, void, 4);
  BLASNET_EXPORT("lossFromOutputs", LossFromOutputsOf, double, 5);
  BLASNET_EXPORT("countHits", CountHitsOf, double, 5);
  BLASNET_EXPORT("updateParameters", UpdateParametersOf, void, 4);
  BLASNET_EXPORT("dot", DotOf, double, 0);
  BLASNET_EXPORT("sumOfSizes", SumOfSizesOf, double, 0);
  BLASNET_EXPORT("largestSize", LargestSizeOf, double, 0);
  BLASNET_EXPORT("addScaled", AddScaledOf, void, 0);
  BLASNET_EXPORT("scale", ScaleOf, void, 0);
  BLASNET_EXPORT("logMeanExp", LogMeanExpOf, void, 2);
  BLASNET_EXPORT("waves", WavesOf, void, 2);
  BLASNET_EXPORT("waveGradients", WaveGradientsOf, void, 0);
  BLASNET_EXPORT("lbfgsStep", LbfgsStepOf, double, 1);
  BLASNET_EXPORT("firstBadLabel", FirstBadLabelOf, double, 0);
  Napi::Object statuses = Napi::Object::New(env);
  uint32_t number = 0;
  for (const char* name : kLbfgsStatusNames) statuses.Set(name, number++);
  exports.Set("lbfgsStatuses", statuses);
}

}  // namespace blasnet
