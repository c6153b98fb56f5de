// Kernels for the features of layers besides products and activations: normalisation, random numbers,
// penalties and limits. Each works in place.
#include <vector>

#include "addon.h"
#include "binding/kernel_calls.h"
#include "kernels/blocks.h"
#include "kernels/normalization.h"
#include "kernels/random.h"
#include "kernels/regularizers.h"

namespace blasnet {
namespace {

// Arguments i and i + 1: (keyLow, keyHigh)
RandomKey KeyOf(const Args& args, size_t i) {
  return {static_cast<uint32_t>(args[i].Size(UINT32_MAX)),
          static_cast<uint32_t>(args[i + 1].Size(UINT32_MAX))};
}

// threefry(keyLow, keyHigh, counterLow, counterHigh, block): writes the two words of a block
void ThreefryOf(const Napi::CallbackInfo& info) {
  const Args args(info);
  const RandomKey counter = KeyOf(args, 2);
  uint32_t* block = args[4].Array<uint32_t>(2);
  const RandomKey words = Threefry(KeyOf(args, 0), counter.low, counter.high);
  block[0] = words.low;
  block[1] = words.high;
}

// The first arguments of the random functions: (keyLow, keyHigh, row, first, ...)
struct RandomArguments {
  RandomKey key;
  uint32_t row;
  size_t first;

  explicit RandomArguments(const Args& args)
      : key(KeyOf(args, 0)), row(static_cast<uint32_t>(args[2].Size(UINT32_MAX))), first(args[3].Size()) {
    if (first % 2 != 0) throw args[3].Wrong("an even size");
  }
};

// dropoutMask(keyLow, keyHigh, row, first, rate, scale, mask)
template <typename T>
void DropoutMaskOf(const Args& args) {
  const RandomArguments of(args);
  const double rate = args[4].Number();
  if (!(rate >= 0 && rate < 1)) throw args[4].Wrong("a rate");
  const size_t size = args[6].Length();
  DropoutMask(of.key, of.row, of.first, size, rate, static_cast<T>(args[5].Number()), args[6].Array<T>(size));
}

// addNoise(keyLow, keyHigh, row, first, deviation, X, out)
template <typename T>
void AddNoiseOf(const Args& args) {
  const RandomArguments of(args);
  const size_t size = args[5].Length();
  AddNoise(of.key, of.row, of.first, size, static_cast<T>(args[4].Number()), args[5].Array<T>(size),
           args[6].Array<T>(size));
}

// The first arguments of the normalisations: (units, m, ld, ...), for rows of m samples, `ld` apart
struct NormalizedShape {
  size_t units, m, ld, size;

  NormalizedShape(const Args& args, size_t least_ld)
      : units(args[0].PositiveSize()),
        m(args[1].PositiveSize()),
        ld(args[2].Size()),
        size(Elements(args, 2, units, ld)) {
    if (ld < least_ld) throw args[2].Wrong(std::to_string(least_ld) + " or more");
  }
};

NormalizedShape RowsOf(const Args& args) { return {args, args[1].PositiveSize()}; }

template <typename T>
NormalizedShape ColumnsOf(const Args& args) {
  return {args, PaddedSize<T>(args[1].PositiveSize())};
}

// rowMoments(units, m, ld, X, mean, rest, variance)
template <typename T>
void RowMomentsOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  RowMoments(units, m, ld, args[3].Array<T>(size), args[4].Array<T>(units), args[5].Array<T>(units),
             args[6].Array<T>(units));
}

// inverseDeviations(variance, epsilon, inverse)
template <typename T>
void InverseDeviationsOf(const Args& args) {
  const size_t units = args[0].Length();
  InverseDeviations(units, args[0].Array<T>(units), static_cast<T>(args[1].Number()),
                    args[2].Array<T>(units));
}

// normalizeRows(units, m, ld, X, mean, rest or null, inverse, gamma, beta, normalized, out)
template <typename T>
void NormalizeRowsOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  const T* rest = args[5].Given() ? args[5].Array<T>(units) : nullptr;
  NormalizeRows(units, m, ld, args[3].Array<T>(size), args[4].Array<T>(units), rest, args[6].Array<T>(units),
                args[7].Array<T>(units), args[8].Array<T>(units), args[9].Array<T>(size),
                args[10].Array<T>(size));
}

// normalizeRowsBackward(units, m, ld, normalized, inverse, gamma, ownMoments, accumulate, d, dgamma, dbeta)
template <typename T>
void NormalizeRowsBackwardOf(const Args& args) {
  const auto [units, m, ld, size] = RowsOf(args);
  const bool own = args[6].Boolean(), accumulate = args[7].Boolean();
  const T* normalized = args[3].Array<T>(size);
  const T* inverse = args[4].Array<T>(units);
  const T* gamma = args[5].Array<T>(units);
  T* d = args[8].Array<T>(size);
  T* out[] = {args[9].Array<T>(units), args[10].Array<T>(units)};
  std::vector<double> sums[] = {std::vector<double>(units), std::vector<double>(units)};
  RowGradients(units, m, ld, d, normalized, sums[0].data(), sums[1].data());
  std::vector<T> means[2];
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < units; i++) {
      means[k].push_back(static_cast<T>(sums[k][i] / static_cast<double>(m)));
      out[k][i] = static_cast<T>(sums[k][i]) + (accumulate ? out[k][i] : T{0});
    }
  }
  NormalizeRowsBackward(units, m, ld, normalized, inverse, gamma, own ? means[0].data() : nullptr,
                        own ? means[1].data() : nullptr, d);
}

// normalizeColumns(units, m, ld, X, epsilon, gamma, beta, normalized, inverse (ld), out)
template <typename T>
void NormalizeColumnsOf(const Args& args) {
  const auto [units, m, ld, size] = ColumnsOf<T>(args);
  NormalizeColumns(units, m, ld, args[3].Array<T>(size), static_cast<T>(args[4].Number()),
                   args[5].Array<T>(units), args[6].Array<T>(units), args[7].Array<T>(size),
                   args[8].Array<T>(ld), args[9].Array<T>(size));
}

// normalizeColumnsBackward(units, m, ld, normalized, inverse (ld), gamma, accumulate, d, dgamma, dbeta)
template <typename T>
void NormalizeColumnsBackwardOf(const Args& args) {
  const auto [units, m, ld, size] = ColumnsOf<T>(args);
  NormalizeColumnsBackward(units, m, ld, args[3].Array<T>(size), args[4].Array<T>(ld),
                           args[5].Array<T>(units), args[6].Boolean(), args[7].Array<T>(size),
                           args[8].Array<T>(units), args[9].Array<T>(units));
}

// addPenalty(W, l1, l2, gradients or null): returns the penalty
template <typename T>
double AddPenaltyOf(const Args& args) {
  const size_t size = args[0].Length();
  return AddPenalty(size, args[0].Array<T>(size), static_cast<T>(args[1].Number()),
                    static_cast<T>(args[2].Number()), args[3].Given() ? args[3].Array<T>(size) : nullptr);
}

// clipByValue(gradients, most)
template <typename T>
void ClipByValueOf(const Args& args) {
  const size_t size = args[0].Length();
  ClipByValue(size, static_cast<T>(args[1].Number()), args[0].Array<T>(size));
}

// limitRowNorms(rows, cols, most, W (rows, cols))
template <typename T>
void LimitRowNormsOf(const Args& args) {
  const size_t rows = args[0].Size(), cols = args[1].Size();
  LimitRowNorms(rows, cols, static_cast<T>(args[2].Number()),
                args[3].Array<T>(Elements(args, 0, rows, cols)));
}

}  // namespace

void ExportTestLayerKernels(Napi::Env env, Napi::Object exports) {
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
