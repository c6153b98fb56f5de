#include "kernels/row.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/row.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/sums-inl.h"
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Loads take most of the time, and rows of W may start anywhere. Vectors of half the longest size cross a
// cache line less often than every other time.
template <typename T>
using RowLanes = hn::CappedTag<T, 32 / sizeof(T)>;

// Units of a block: enough chains of MulAdd to keep two units of the processor busy.
constexpr size_t kRowUnits = 8;

// `units` outputs of a layer. Each has a vector of sums; a vector of x is read once for all of them.
//   w (units, in)  x (in)  b (units)  ->  z (units)
template <size_t units, typename T>
HWY_INLINE void RowBlock(size_t in, const T* HWY_RESTRICT w, const T* HWY_RESTRICT x, const T* b, bool relu,
                         T* z) {
  const RowLanes<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t step = hn::Lanes(d);
  V sums[units];
  BLASNET_UNROLL
  for (size_t i = 0; i < units; i++) sums[i] = hn::Zero(d);
  size_t at = 0;
  for (; at + step <= in; at += step) {
    const V right = hn::LoadU(d, x + at);
    BLASNET_UNROLL
    for (size_t i = 0; i < units; i++) sums[i] = hn::MulAdd(hn::LoadU(d, w + i * in + at), right, sums[i]);
  }
  if (at < in) {
    const V right = LoadFirst(d, x + at, in - at);
    BLASNET_UNROLL
    for (size_t i = 0; i < units; i++) {
      sums[i] = hn::MulAdd(LoadFirst(d, w + i * in + at, in - at), right, sums[i]);
    }
  }
  if constexpr (units % 4 == 0) {
    AddSumsOfLanes<units>(d, sums, b, relu, z);
  } else {
    BLASNET_UNROLL
    for (size_t i = 0; i < units; i++) {
      const T sum = b[i] + SumOfLanes<true>(d, sums[i]);
      z[i] = relu && sum <= 0 ? T{0} : sum;
    }
  }
}

// The units after the last whole block come first: the processor then works on them and on the next block at
// once. As the last ones they would delay the next layer, which needs all of z. Whole blocks start at
// multiples of their size, so that the next layer's loads of z match their stores.
template <typename T>
HWY_INLINE void ForwardLayer(const RowLayer<T>& layer, const T* x) {
  const auto block = [&](auto units, size_t unit) {
    RowBlock<units()>(layer.in, layer.w + unit * layer.in, x, layer.b + unit, layer.relu, layer.z + unit);
  };
  const size_t rest = layer.out % kRowUnits, whole = layer.out - rest;
  size_t unit = whole;
  if (rest & 4) block(std::integral_constant<size_t, 4>{}, unit);
  unit += rest & 4;
  if (rest & 2) block(std::integral_constant<size_t, 2>{}, unit);
  unit += rest & 2;
  if (rest & 1) block(std::integral_constant<size_t, 1>{}, unit);
  for (unit = 0; unit < whole; unit += kRowUnits) block(std::integral_constant<size_t, kRowUnits>{}, unit);
}

template <typename T>
HWY_INLINE void ForwardLayers(const RowLayer<T>* layers, size_t count, const T* x) {
  for (size_t l = 0; l < count; l++) {
    ForwardLayer(layers[l], x);
    x = layers[l].z;
  }
}

void RowForwardF64(const RowLayer<double>* layers, size_t count, const double* x) {
  ForwardLayers(layers, count, x);
}
void RowForwardF32(const RowLayer<float>* layers, size_t count, const float* x) {
  ForwardLayers(layers, count, x);
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(RowForwardF64);
HWY_EXPORT(RowForwardF32);

template <>
void RowForward(const RowLayer<double>* layers, size_t count, const double* x) {
  HWY_DYNAMIC_DISPATCH(RowForwardF64)(layers, count, x);
}
template <>
void RowForward(const RowLayer<float>* layers, size_t count, const float* x) {
  HWY_DYNAMIC_DISPATCH(RowForwardF32)(layers, count, x);
}

}  // namespace blasnet
#endif  // HWY_ONCE
