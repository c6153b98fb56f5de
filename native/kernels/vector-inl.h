// Loops over arrays, one vector at a time, compiled once per instruction set (see foreach_target in Highway's
// quick reference). Kernels include this file after foreach_target.h, therefore it has no ordinary include
// guard.
//
// The last, partial vector goes through the instructions of the full vectors. So an element's result does not
// depend on its position, and cutting an array into pieces changes no bit.
#if defined(BLASNET_VECTOR_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASNET_VECTOR_INL_H_
#undef BLASNET_VECTOR_INL_H_
#else
#define BLASNET_VECTOR_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"

// For loops over vectors that must stay in registers.
#undef BLASNET_UNROLL
#define BLASNET_UNROLL _Pragma("GCC unroll 16")

// Hides from the compiler that a pointer is the one it knows. Otherwise it computes the addresses of C's rows
// once, for the beginning and for the end of a block, and must spill them: this takes longer than to compute
// them twice.
#undef BLASNET_FORGET
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
#define BLASNET_FORGET(pointer) asm("" : "+r"(pointer))
#else
#define BLASNET_FORGET(pointer) (void)pointer
#endif

// Whether masked loads of 4 and 8 bytes touch only the elements of their masks. Highway says no of AVX2,
// which lacks those of 1 and 2 bytes. Where a buffer is filled instead, one load takes the time of ten.
#undef BLASNET_MASKED_LOADS
#define BLASNET_MASKED_LOADS \
  (!HWY_MEM_OPS_MIGHT_FAULT || (HWY_TARGET == HWY_AVX2 && !HWY_IS_ASAN && !HWY_IS_MSAN))

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Lanes = hn::ScalableTag<T>;

// For a few columns: on some processors, the longest vectors take twice the time.
template <typename T>
using FewLanes = hn::CappedTag<T, 4>;

// Room for one vector.
template <typename T>
struct Buffer {
  HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)] = {};

  T* From(const T* in, size_t count) {
    std::copy_n(in, count, lanes);
    return lanes;
  }
};

// The first `count` elements, then zeros. Does not touch memory behind them. There are some, but fewer than
// lanes.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadFirst(D d, const T* in, size_t count) {
#if BLASNET_MASKED_LOADS
  static_assert(sizeof(T) >= 4);
  return hn::MaskedLoad(hn::FirstN(d, count), d, in);
#elif HWY_TARGET != HWY_SCALAR && HWY_MAX_BYTES == 16
  // Halves and quarters: two loads at most.
  const hn::Half<D> half;
  if constexpr (sizeof(T) == 4) {
    const hn::Half<decltype(half)> one;
    const auto load_one = [&](const T* at) { return hn::ZeroExtendVector(half, hn::LoadU(one, at)); };
    if (count == 1) return hn::ZeroExtendVector(d, load_one(in));
    if (count == 3) return hn::Combine(d, load_one(in + 2), hn::LoadU(half, in));
  }
  return hn::ZeroExtendVector(d, hn::LoadU(half, in));
#else
  Buffer<T> buffer;
  return hn::Load(d, buffer.From(in, count));
#endif
}

// Stores the first `count` lanes. Does not touch memory behind them.
template <class D, typename T>
HWY_INLINE void StoreFirst(D d, hn::Vec<D> value, T* out, size_t count) {
#if HWY_TARGET <= HWY_AVX3
  hn::BlendedStore(value, hn::FirstN(d, count), d, out);
#else
  // Some processors take long for masked stores of shorter vectors.
  Buffer<T> buffer;
  hn::Store(value, d, buffer.lanes);
  std::copy_n(buffer.lanes, count, out);
#endif
}

// A whole vector, or its first `count` elements if fewer are left.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadSome(D d, const T* in, size_t count) {
  return count == hn::Lanes(d) ? hn::LoadU(d, in) : LoadFirst(d, in, count);
}

template <class D, typename T>
HWY_INLINE void StoreSome(D d, hn::Vec<D> value, T* out, size_t count) {
  if (count == hn::Lanes(d)) {
    hn::StoreU(value, d, out);
  } else {
    StoreFirst(d, value, out, count);
  }
}

// out[i] = f(d, in[i]...) over one or more arrays; out may be any of them.
template <typename T, class F, class... In>
HWY_INLINE void MapAll(size_t size, T* out, const F& f, const In*... in) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  size_t i = 0;
  for (; i + step <= size; i += step) hn::StoreU(f(d, hn::LoadU(d, in + i)...), d, out + i);
  if (i < size) {
    StoreFirst(d, f(d, LoadFirst(d, in + i, size - i)...), out + i, size - i);
  }
}

template <typename T, class F>
HWY_INLINE void Map(const T* in, size_t size, T* out, const F& f) {
  MapAll(size, out, f, in);
}

template <typename T, class F>
HWY_INLINE void Map(const T* in_a, const T* in_b, size_t size, T* out, const F& f) {
  MapAll(size, out, f, in_a, in_b);
}

// The sum of f(d, in[i]...) in a fixed order: first lane by lane within a block of vectors, then across the
// lanes, then over the blocks in double. So a long sum of floats is as precise as the sum of one block: at
// most 70 roundings.
template <typename T, class F, class... In>
HWY_INLINE double SumOf(size_t size, const F& f, const T* first, const In*... others) {
  constexpr size_t kBlock = 64;
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  double total = 0;
  size_t i = 0;
  while (i + step <= size) {
    auto sums = hn::Zero(d);
    for (size_t k = 0; k < kBlock && i + step <= size; k++, i += step) {
      sums = hn::Add(sums, f(d, hn::LoadU(d, first + i), hn::LoadU(d, others + i)...));
    }
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sums)));
  }
  if (i < size) {
    const size_t rest = size - i;
    Buffer<T> values;
    hn::Store(f(d, LoadFirst(d, first + i, rest), LoadFirst(d, others + i, rest)...), d, values.lanes);
    for (size_t k = 0; k < rest; k++) total += static_cast<double>(values.lanes[k]);
  }
  return total;
}

// The index of the first element for which f(d, in[i]) is true, or size.
template <typename T, class F>
HWY_INLINE size_t FindFirst(const T* in, size_t size, const F& f) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  size_t i = 0;
  for (; i + step <= size; i += step) {
    const auto found = f(d, hn::LoadU(d, in + i));
    if (HWY_UNLIKELY(!hn::AllFalse(d, found))) return i + static_cast<size_t>(hn::FindFirstTrue(d, found));
  }
  if (i < size) {
    const auto found = f(d, LoadFirst(d, in + i, size - i));
    if (!hn::AllFalse(d, found)) return std::min(size, i + static_cast<size_t>(hn::FindFirstTrue(d, found)));
  }
  return size;
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#endif  // BLASNET_VECTOR_INL_H_
