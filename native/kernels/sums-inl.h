// The sums of vectors' lanes. Include this file after foreach_target.h, like vector-inl.h.
#if defined(BLASNET_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASNET_SUMS_INL_H_
#undef BLASNET_SUMS_INL_H_
#else
#define BLASNET_SUMS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
// The sum of a vector's parts of `bytes` bytes.
template <size_t bytes, class D, class V = hn::Vec<D>>
HWY_INLINE auto SumOfParts(D, V v) {
  if constexpr (sizeof(V) > bytes) {
    const hn::Half<D> half;
    return SumOfParts<bytes>(half, hn::Add(hn::UpperHalf(half, v), hn::LowerHalf(half, v)));
  } else {
    return v;
  }
}

// Sums the lanes of some vectors, as many as fill 128 bits with sums, into each 128-bit block: the sums of
// these blocks are what remains to be summed. Folding the vectors into each other takes half the steps of
// separate sums.
template <class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE V SumsInBlocks(D d, const V* sums) {
  const auto fold = [d](V a, V b) {
    return hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  };
  if constexpr (sizeof(T) == 8) {
    return fold(sums[0], sums[1]);
  } else {
    // Pairs of lanes: [0 1 0 1] and [2 3 2 3] become [0 1 2 3].
    const hn::RepartitionToWide<D> pairs;
    const auto a = hn::BitCast(pairs, fold(sums[0], sums[1]));
    const auto b = hn::BitCast(pairs, fold(sums[2], sums[3]));
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, a, b)),
                   hn::BitCast(d, hn::InterleaveUpper(pairs, a, b)));
  }
}

// out = v plus `start` (null: 0); if `relu`, at least 0.
template <class D, class V, typename T>
HWY_INLINE void StoreSums(D d, V v, const T* start, bool relu, T* out) {
  if (start != nullptr) v = hn::Add(v, hn::LoadU(d, start));
  if (relu) v = hn::IfThenZeroElse(hn::Le(v, hn::Zero(d)), v);
  hn::StoreU(v, d, out);
}
#endif

// out[j] = (start == nullptr ? 0 : start[j]) + the sum of sums[j]'s lanes, for `count` vectors, 4 or 8; if
// `relu`, at least 0. Stores 32 bytes at a time if the vectors are that long, because the next product loads
// them this way.
template <size_t count, class D, class V, typename T>
HWY_INLINE void AddSumsOfLanes(D d, const V* sums, const T* start, bool relu, T* out) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t j = 0; j < count; j++) {
    const T sum = (start == nullptr ? T{0} : start[j]) + hn::GetLane(sums[j]);
    out[j] = relu && sum <= 0 ? T{0} : sum;
  }
  (void)d;
#else
  const auto at = [start](size_t j) { return start == nullptr ? nullptr : start + j; };
  constexpr size_t kBlock = 16 / sizeof(T);  // sums in 128 bits
#if HWY_MAX_BYTES >= 32
  if constexpr (count % (2 * kBlock) == 0) {
    const hn::FixedTag<T, 2 * kBlock> d256;
    BLASNET_UNROLL
    for (size_t j = 0; j < count; j += 2 * kBlock) {
      const auto a = SumOfParts<32>(d, SumsInBlocks(d, sums + j));
      const auto b = SumOfParts<32>(d, SumsInBlocks(d, sums + j + kBlock));
      const auto both = hn::Add(hn::ConcatUpperUpper(d256, b, a), hn::ConcatLowerLower(d256, b, a));
      StoreSums(d256, both, at(j), relu, out + j);
    }
    return;
  }
#endif
  const hn::Full128<T> d128;
  BLASNET_UNROLL
  for (size_t j = 0; j < count; j += kBlock) {
    StoreSums(d128, SumOfParts<16>(d, SumsInBlocks(d, sums + j)), at(j), relu, out + j);
  }
#endif
}

// The sum of a vector's lanes; unless `any_order`, in the order of AddSumsOfLanes.
template <bool any_order, class D, class V, typename T = hn::TFromD<D>>
HWY_INLINE T SumOfLanes(D d, V v) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (!any_order) {
    if constexpr (sizeof(T) == 8) {
      v = hn::Add(v, hn::Shuffle01(v));
    } else {
      v = hn::Add(v, hn::Shuffle1032(v));
      v = hn::Add(v, hn::Shuffle2301(v));
    }
    return hn::GetLane(SumOfParts<16>(d, v));
  }
#endif
  return hn::GetLane(hn::SumOfLanes(d, v));
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#endif  // BLASNET_SUMS_INL_H_
