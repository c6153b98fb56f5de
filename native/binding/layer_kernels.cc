// The kernels of what may be done to a layer beside its product and its activation: normalisation, random
// numbers, penalties and limits. In place, for the tests.
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/kernel_calls.h"
#include "kernels/blocks.h"
#include "kernels/normalization.h"
#include "kernels/random.h"
#include "kernels/regularizers.h"

namespace blasnet {
namespace {

// Arguments i and i + 1: (keyLow, keyHigh)
RandomKey KeyOf(const Args& args, size_t i) {
  return {static_cast<uint32_t>(args.Size(i, UINT32_MAX)),
          static_cast<uint32_t>(args.Size(i + 1, UINT32_MAX))};
}

// threefry(keyLow, keyHigh, counterLow, counterHigh, block): the two words of a block
void ThreefryOf(const Napi::CallbackInfo& info) {
  const Args args(info);
  const RandomKey counter = KeyOf(args, 2);
  uint32_t* block = args.Array<uint32_t>(4, 2);
  const RandomKey words = Threefry(KeyOf(args, 0), counter.low, counter.high);
  block[0] = words.low;
  block[1] = words.high;
}

// The leading arguments of the random functions: (keyLow, keyHigh, row, first, ...)
struct RandomArguments {
  RandomKey key;
  uint32_t row;
  size_t first;

  explicit RandomArguments(const Args& args)
      : key(KeyOf(args, 0)), row(static_cast<uint32_t>(args.Size(2, UINT32_MAX))), first(args.Size(3)) {
    if (first % 2 != 0) throw args.Wrong(3, "an even size");
  }
};

// dropoutMask(keyLow, keyHigh, row, first, rate, scale, mask)
template <typename T>
void DropoutMaskOf(const Args& args) {
  const RandomArguments of(args);
  const double rate = args.Number(4);
  if (!(rate >= 0 && rate < 1)) throw args.Wrong(4, "a rate");
  const size_t size = args.Length(6);
  DropoutMask(of.key, of.row, of.first, size, rate, static_cast<T>(args.Number(5)), args.Array<T>(6, size));
}

// addNoise(keyLow, keyHigh, row, first, deviation, X, out)
template <typename T>
void AddNoiseOf(const Args& args) {
  const RandomArguments of(args);
  const size_t size = args.Length(5);
  AddNoise(of.key, of.row, of.first, size, static_cast<T>(args.Number(4)), args.Array<T>(5, size),
           args.Array<T>(6, size));
}

// The leading arguments of the normalisations: (units, m, ld, ...), rows of m samples `ld` apart
struct NormalizedShape {
  size_t units, m, ld, size;

  NormalizedShape(const Args& args, size_t least_ld)
      : units(args.PositiveSize(0)),
        m(args.PositiveSize(1)),
        ld(args.Size(2)),
        size(Elements(args, 2, units, ld)) {
    if (ld < least_ld) throw args.Wrong(2, std::to_string(least_ld) + " or more");
  }
};

NormalizedShape RowsOf(const Args& args) { return {args, args.PositiveSize(1)}; }

template <typename T>
NormalizedShape ColumnsOf(const Args& args) {
  return {args, PaddedSize<T>(args.PositiveSize(1))};
}

// rowMoments(units, m, ld, X, mean, variance)
template <typename T>
void RowMomentsOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  RowMoments(units, m, ld, args.Array<T>(3, size), args.Array<T>(4, units), args.Array<T>(5, units));
}

// inverseDeviations(variance, epsilon, inverse)
template <typename T>
void InverseDeviationsOf(const Args& args) {
  const size_t units = args.Length(0);
  InverseDeviations(units, args.Array<T>(0, units), static_cast<T>(args.Number(1)), args.Array<T>(2, units));
}

// normalizeRows(units, m, ld, X, mean, inverse, gamma, beta, normalized, out)
template <typename T>
void NormalizeRowsOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  NormalizeRows(units, m, ld, args.Array<T>(3, size), args.Array<T>(4, units), args.Array<T>(5, units),
                args.Array<T>(6, units), args.Array<T>(7, units), args.Array<T>(8, size),
                args.Array<T>(9, size));
}

// normalizeRowsBackward(units, m, ld, normalized, inverse, gamma, ownMoments, accumulate, d, dgamma, dbeta)
template <typename T>
void NormalizeRowsBackwardOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  NormalizeRowsBackward(units, m, ld, args.Array<T>(3, size), args.Array<T>(4, units),
                        args.Array<T>(5, units), args.Boolean(6), args.Boolean(7), args.Array<T>(8, size),
                        args.Array<T>(9, units), args.Array<T>(10, units));
}

// normalizeColumns(units, m, ld, X, epsilon, gamma, beta, normalized, inverse (ld), out)
template <typename T>
void NormalizeColumnsOf(const Args& args) {
  const auto [units, m, ld, size] = ColumnsOf<T>(args);
  NormalizeColumns(units, m, ld, args.Array<T>(3, size), static_cast<T>(args.Number(4)),
                   args.Array<T>(5, units), args.Array<T>(6, units), args.Array<T>(7, size),
                   args.Array<T>(8, ld), args.Array<T>(9, size));
}

// normalizeColumnsBackward(units, m, ld, normalized, inverse (ld), gamma, accumulate, d, dgamma, dbeta)
template <typename T>
void NormalizeColumnsBackwardOf(const Args& args) {
  const auto [units, m, ld, size] = ColumnsOf<T>(args);
  NormalizeColumnsBackward(units, m, ld, args.Array<T>(3, size), args.Array<T>(4, ld),
                           args.Array<T>(5, units), args.Boolean(6), args.Array<T>(7, size),
                           args.Array<T>(8, units), args.Array<T>(9, units));
}

// addPenalty(W, l1, l2, gradients or null): the penalty
template <typename T>
double AddPenaltyOf(const Args& args) {
  const size_t size = args.Length(0);
  return AddPenalty(size, args.Array<T>(0, size), static_cast<T>(args.Number(1)),
                    static_cast<T>(args.Number(2)), args.Has(3) ? args.Array<T>(3, size) : nullptr);
}

// clipByValue(gradients, most)
template <typename T>
void ClipByValueOf(const Args& args) {
  const size_t size = args.Length(0);
  ClipByValue(size, static_cast<T>(args.Number(1)), args.Array<T>(0, size));
}

// limitRowNorms(rows, cols, most, W (rows, cols))
template <typename T>
void LimitRowNormsOf(const Args& args) {
  const size_t rows = args.Size(0), cols = args.Size(1);
  LimitRowNorms(rows, cols, static_cast<T>(args.Number(2)), args.Array<T>(3, Elements(args, 0, rows, cols)));
}

}  // namespace

void ExportLayerKernels(Napi::Env env, Napi::Object exports) {
  exports.Set("threefry", Napi::Function::New<ThreefryOf>(env, "threefry"));
  BLASNET_EXPORT("dropoutMask", DropoutMaskOf, void, 6);
  BLASNET_EXPORT("addNoise", AddNoiseOf, void, 5);
  BLASNET_EXPORT("rowMoments", RowMomentsOf, void, 3);
  BLASNET_EXPORT("inverseDeviations", InverseDeviationsOf, void, 0);
  BLASNET_EXPORT("normalizeRows", NormalizeRowsOf, void, 3);
  BLASNET_EXPORT("normalizeRowsBackward", NormalizeRowsBackwardOf, void, 3);
  BLASNET_EXPORT("normalizeColumns", NormalizeColumnsOf, void, 3);
  BLASNET_EXPORT("normalizeColumnsBackward", NormalizeColumnsBackwardOf, void, 3);
  BLASNET_EXPORT("addPenalty", AddPenaltyOf, double, 0);
  BLASNET_EXPORT("clipByValue", ClipByValueOf, void, 0);
  BLASNET_EXPORT("limitRowNorms", LimitRowNormsOf, void, 3);
}

}  // namespace blasnet
