#include "kernels/blocks.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/blocks.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// The bytes of L's rows that DotProducts takes at once: a part of L1, which also holds the columns. Measured;
// any value from 20 to 28 KB is about as fast.
constexpr size_t kDotBytes = 24'000;

// All rows of a panel that is `vectors` wide.
template <size_t vectors, class D, typename T>
HWY_NOINLINE void ProductPanel(D d, size_t rows, size_t k, Strided<T> l, const T* r, size_t ldr, T* c,
                               size_t ldc, const ProductOptions<T>& options, const T* relu) {
  InBlocks<RowsOfBlock(vectors)>(rows, [&](auto count, size_t i) {
    ProductBlock<count(), vectors, false>(
        d, k, Strided<T>{l.data + i * l.row_stride, l.row_stride, l.k_stride}, r, ldr, c + i * ldc, ldc, 0,
        options.bias == nullptr ? nullptr : options.bias + i, options.accumulate, options.epilogue,
        relu == nullptr ? nullptr : relu + i * ldc);
  });
}

template <typename T>
void ProductOf(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
               const ProductOptions<T>& options) {
  const Lanes<T> d;
  const FewLanes<T> few;
  const size_t step = hn::Lanes(d), over = n % step;
  const bool ends_in_few = over > 0 && over <= hn::Lanes(few);
  size_t left = n / step + (over > 0 && !ends_in_few ? 1 : 0);  // vectors that are left
  size_t j = 0;
  while (left > 0) {
    // Panels of 4 and 3 vectors are equally fast, a panel of 1 wastes most. So 4 = 4, 5 = 3 + 2, 7 = 3 + 4.
    const size_t take = left == 4 ? 4 : std::min<size_t>(left, 3);
    const T* relu = options.relu == nullptr ? nullptr : options.relu + j;
    WithConstant<4>(take, [&](auto vectors) {
      ProductPanel<vectors()>(d, rows, k, l, r + j, ldr, c + j, ldc, options, relu);
    });
    j += take * step;
    left -= take;
  }
  if (!ends_in_few) return;
  if (!options.accumulate && hn::Lanes(few) < step) {
    // Other stages compute with whole vectors: these must not hold ever older numbers.
    for (size_t i = 0; i < rows; i++) hn::StoreU(hn::Zero(d), d, c + i * ldc + j);
  }
  ProductPanel<1>(few, rows, k, l, r + j, ldr, c + j, ldc, options,
                  options.relu == nullptr ? nullptr : options.relu + j);
}

// With a single column, loads take most of the time, and rows may start anywhere. Vectors of half the longest
// size cross a cache line only every other time.
template <typename T, bool single>
using DotLanes = std::conditional_t<single, hn::CappedTag<T, 32 / sizeof(T)>, Lanes<T>>;

// `single`: C has one column. The columns of a wider C are all summed in the same order, whichever block they
// are in: so the result of a sample does not depend on the others of its batch.
template <size_t rows, size_t cols, bool single, typename T>
HWY_INLINE void DotBlock(size_t k, const T* HWY_RESTRICT l, size_t ldl, const T* HWY_RESTRICT r, size_t ldr,
                         const T* bias, bool accumulate, bool relu, T* c, size_t ldc) {
  const DotLanes<T, single> d;
  using V = hn::Vec<decltype(d)>;
  const size_t step = hn::Lanes(d);
  V sums[rows][cols];
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++) {
    BLASNET_UNROLL
    for (size_t j = 0; j < cols; j++) sums[i][j] = hn::Zero(d);
  }
  size_t at = 0;
  for (; at + step <= k; at += step) {
    V right[cols];
    BLASNET_UNROLL
    for (size_t j = 0; j < cols; j++) right[j] = hn::LoadU(d, r + j * ldr + at);
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const V left = hn::LoadU(d, l + i * ldl + at);
      BLASNET_UNROLL
      for (size_t j = 0; j < cols; j++) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
  if (at < k) {
    V right[cols];
    BLASNET_UNROLL
    for (size_t j = 0; j < cols; j++) right[j] = LoadFirst(d, r + j * ldr + at, k - at);
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const V left = LoadFirst(d, l + i * ldl + at, k - at);
      BLASNET_UNROLL
      for (size_t j = 0; j < cols; j++) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
  if constexpr (single && rows % 4 == 0) {
    if (ldc == 1) {
      V column[rows];
      BLASNET_UNROLL
      for (size_t i = 0; i < rows; i++) column[i] = sums[i][0];
      return AddSumsOfLanes<rows>(d, column, accumulate ? c : bias, relu, c);
    }
  }
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++) {
    const T start = bias == nullptr ? T{0} : bias[i];
    if constexpr (cols == 4) {
      const T starts[] = {start, start, start, start};
      AddSumsOfLanes<4>(d, sums[i], accumulate ? c + i * ldc : starts, relu, c + i * ldc);
      continue;
    }
    BLASNET_UNROLL
    for (size_t j = 0; j < cols; j++) {
      const T sum = (accumulate ? c[i * ldc + j] : start) + SumOfLanes<single>(d, sums[i][j]);
      c[i * ldc + j] = relu && sum <= 0 ? T{0} : sum;
    }
  }
}

// Computes `rows` rows of C in full.
template <size_t rows, typename T>
HWY_NOINLINE void DotRows(size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr,
                          const T* bias, bool accumulate, T* c, size_t ldc) {
  size_t j = 0;
  for (; j + 4 <= cols; j += 4) {
    DotBlock<rows, 4, false>(k, l, ldl, r + j * ldr, ldr, bias, accumulate, false, c + j, ldc);
  }
  for (; j + 2 <= cols; j += 2) {
    DotBlock<rows, 2, false>(k, l, ldl, r + j * ldr, ldr, bias, accumulate, false, c + j, ldc);
  }
  if (j < cols) DotBlock<rows, 1, false>(k, l, ldl, r + j * ldr, ldr, bias, accumulate, false, c + j, ldc);
}

// C (rows, cols) becomes 0 where it is below 0.
template <typename T>
void ReluRows(size_t rows, size_t cols, T* c, size_t ldc) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  for (size_t i = 0; i < rows; i++, c += ldc) {
    size_t j = 0;
    for (; j + step <= cols; j += step) {
      const auto value = hn::LoadU(d, c + j);
      hn::StoreU(hn::IfThenZeroElse(hn::Le(value, hn::Zero(d)), value), d, c + j);
    }
    for (; j < cols; j++) {
      if (c[j] <= 0) c[j] = 0;
    }
  }
}

template <typename T>
void DotProductsOf(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr, T* c,
                   size_t ldc, const ProductOptions<T>& options) {
  const T* bias = options.bias;
  const bool accumulate = options.accumulate, relu = options.epilogue == Epilogue::kRelu;
  if (cols == 1) {
    InBlocks<RowsOfBlock(1)>(rows, [&](auto count, size_t i) {
      DotBlock<count(), 1, true>(k, l + i * ldl, ldl, r, ldr, bias == nullptr ? nullptr : bias + i,
                                 accumulate, relu, c + i * ldc, ldc);
    });
    return;
  }
  // Every block of columns reads these rows of L again. Long rows are cut, so that they stay in L1.
  constexpr size_t kRows = RowsOfBlock(4);
  const size_t most = kDotBytes / sizeof(T) / kRows;
  const size_t chunks = k <= most ? 1 : (k + most - 1) / most;
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const size_t from = k * chunk / chunks, size = k * (chunk + 1) / chunks - from;
    InBlocks<kRows>(rows, [&](auto count, size_t i) {
      DotRows<count()>(cols, size, l + i * ldl + from, ldl, r + from, ldr,
                       bias == nullptr || chunk > 0 ? nullptr : bias + i, accumulate || chunk > 0,
                       c + i * ldc, ldc);
    });
  }
  // In the blocks, this would slow the products that need no relu: those of small batches' gradients.
  if (relu) ReluRows(rows, cols, c, ldc);
}

// The sum of a row's vectors.
template <class D, typename T>
HWY_INLINE hn::Vec<D> SumOfVectors(D d, size_t n, const T* row) {
  const size_t step = hn::Lanes(d);
  auto even = hn::Zero(d), odd = hn::Zero(d);
  size_t at = 0;
  for (; at + 2 * step <= n; at += 2 * step) {
    even = hn::Add(even, hn::LoadU(d, row + at));
    odd = hn::Add(odd, hn::LoadU(d, row + at + step));
  }
  for (; at + step <= n; at += step) even = hn::Add(even, hn::LoadU(d, row + at));
  if (at < n) odd = hn::Add(odd, LoadFirst(d, row + at, n - at));
  return hn::Add(even, odd);
}

// Four rows at a time, which sum their lanes together.
template <typename T>
void RowSumsOf(size_t rows, size_t n, const T* a, size_t lda, bool accumulate, T* sums) {
  const Lanes<T> d;
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    hn::Vec<Lanes<T>> of_rows[4];
    BLASNET_UNROLL
    for (size_t row = 0; row < 4; row++) of_rows[row] = SumOfVectors(d, n, a + (i + row) * lda);
    AddSumsOfLanes<4>(d, of_rows, accumulate ? sums + i : nullptr, false, sums + i);
  }
  for (; i < rows; i++) {
    const T sum = SumOfLanes<false>(d, SumOfVectors(d, n, a + i * lda));
    sums[i] = accumulate ? sums[i] + sum : sum;
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                   \
  void Product##suffix(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, \
                       size_t ldc, const ProductOptions<T>& options) {                              \
    ProductOf(rows, n, k, l, r, ldr, c, ldc, options);                                              \
  }                                                                                                 \
  void DotProducts##suffix(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r,  \
                           size_t ldr, T* c, size_t ldc, const ProductOptions<T>& options) {        \
    DotProductsOf(rows, cols, k, l, ldl, r, ldr, c, ldc, options);                                  \
  }                                                                                                 \
  void RowSums##suffix(size_t rows, size_t n, const T* a, size_t lda, bool accumulate, T* sums) {   \
    RowSumsOf(rows, n, a, lda, accumulate, sums);                                                   \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(ProductF64);
HWY_EXPORT(ProductF32);
HWY_EXPORT(DotProductsF64);
HWY_EXPORT(DotProductsF32);
HWY_EXPORT(RowSumsF64);
HWY_EXPORT(RowSumsF32);

#define BLASNET_DISPATCH(T, suffix)                                                                          \
  template <>                                                                                                \
  void Product(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,      \
               const ProductOptions<T>& options) {                                                           \
    HWY_DYNAMIC_DISPATCH(Product##suffix)(rows, n, k, l, r, ldr, c, ldc, options);                           \
  }                                                                                                          \
  template <>                                                                                                \
  void DotProducts(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr, T* c, \
                   size_t ldc, const ProductOptions<T>& options) {                                           \
    HWY_DYNAMIC_DISPATCH(DotProducts##suffix)(rows, cols, k, l, ldl, r, ldr, c, ldc, options);               \
  }                                                                                                          \
  template <>                                                                                                \
  void RowSums(size_t rows, size_t n, const T* a, size_t lda, bool accumulate, T* sums) {                    \
    HWY_DYNAMIC_DISPATCH(RowSums##suffix)(rows, n, a, lda, accumulate, sums);                                \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
