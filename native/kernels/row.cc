#include "kernels/row.h"

#include <algorithm>
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

// The elements of W's rows and of x after the last whole vector; `count` may be 0. What they have in common
// is made once a layer.
template <typename T>
class RowEnd {
 public:
  RowEnd(const RowLayer<T>& layer, const T* x) : count(layer.in % hn::Lanes(d_)), first_(layer.w) {
#if BLASNET_MASKED_LOADS
    mask_ = hn::FirstN(d_, count);
    of_x = hn::MaskedLoad(mask_, d_, x + layer.in - count);
#else
    mask_ = hn::FirstN(d_, hn::Lanes(d_) - count);
    of_x = LoadEnd(x, x + layer.in);
#endif
  }

  // `row_end`: after the row's last element.
  HWY_INLINE hn::Vec<RowLanes<T>> OfRow(const T* row_end) const {
#if BLASNET_MASKED_LOADS
    return hn::MaskedLoad(mask_, d_, row_end - count);
#else
    return LoadEnd(first_, row_end);
#endif
  }

  size_t count;
  hn::Vec<RowLanes<T>> of_x;

 private:
#if !BLASNET_MASKED_LOADS
  // The vector before `end`, since one that is filled element by element takes ten times as long. What it has
  // of the elements before these becomes 0: there, another row may hold NaN or infinities. Does not touch
  // memory before `first`.
  HWY_INLINE hn::Vec<RowLanes<T>> LoadEnd(const T* first, const T* end) const {
    const size_t step = hn::Lanes(d_), size = static_cast<size_t>(end - first);
    if (HWY_LIKELY(size >= step)) return hn::IfThenZeroElse(mask_, hn::LoadU(d_, end - step));
    Buffer<T> buffer;
    std::copy(end - count, end, buffer.lanes + (step - count));
    return hn::Load(d_, buffer.lanes);
  }
#endif
  hn::Mask<RowLanes<T>> mask_;
  RowLanes<T> d_;
  const T* first_;
};

// `units` outputs of a layer. Each has a vector of sums; a vector of x is read once for all of them.
//   w (units, in)  x (in)  b (units)  ->  z (units)
// `w` and `x` move on together, so that the rows' distances from w stay in registers from block to block:
// a block whose loop counts elements instead first computes where each row starts, which takes a fifth of its
// time.
template <size_t units, typename T>
HWY_INLINE void RowBlock(size_t in, const RowEnd<T>& end, const T* HWY_RESTRICT w, const T* HWY_RESTRICT x,
                         const T* b, bool relu, T* z) {
  const RowLanes<T> d;
  using V = hn::Vec<decltype(d)>;
  const size_t step = hn::Lanes(d);
  V sums[units];
  BLASNET_UNROLL
  for (size_t i = 0; i < units; i++) sums[i] = hn::Zero(d);
  for (const T* last = x + (in - end.count); x < last; x += step, w += step) {
    const V right = hn::LoadU(d, x);
    BLASNET_UNROLL
    for (size_t i = 0; i < units; i++) sums[i] = hn::MulAdd(hn::LoadU(d, w + i * in), right, sums[i]);
  }
  if (end.count > 0) {
    BLASNET_UNROLL
    for (size_t i = 0; i < units; i++) {
      sums[i] = hn::MulAdd(end.OfRow(w + i * in + end.count), end.of_x, sums[i]);
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
  const size_t in = layer.in, rest = layer.out % kRowUnits, whole = layer.out - rest;
  const RowEnd<T> end(layer, x);
  const bool relu = layer.relu;
  size_t unit = whole;
  const auto of_rest = [&](auto units) {
    if ((rest & units()) == 0) return;
    RowBlock<units()>(in, end, layer.w + unit * in, x, layer.b + unit, relu, layer.z + unit);
    unit += units();
  };
  of_rest(std::integral_constant<size_t, 4>{});
  of_rest(std::integral_constant<size_t, 2>{});
  of_rest(std::integral_constant<size_t, 1>{});
  const T *w = layer.w, *b = layer.b;
  T *z = layer.z, *const z_end = z + whole;
  for (; z < z_end; z += kRowUnits, b += kRowUnits, w += kRowUnits * in) {
    RowBlock<kRowUnits>(in, end, w, x, b, relu, z);
  }
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
