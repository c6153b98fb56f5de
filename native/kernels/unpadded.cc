#include <algorithm>

#include "kernels/blocks.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/unpadded.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// The largest panel of R that is copied: it stays in L1.
constexpr size_t kPanelVectors = 3, kPanelRows = 128;

constexpr size_t Blocks(size_t size, size_t block) { return (size + block - 1) / block; }

// out (k, ldo): the transpose of `units` rows of r, of k elements. Blocks of 128 bits of 2 or 4 rows are
// transposed in registers, and two of them at a time if vectors are that long.
template <typename T>
HWY_INLINE void TransposePanel(size_t units, size_t k, const T* r, size_t ldr, T* out, size_t ldo) {
  size_t whole = 0;  // samples that are done
#if HWY_TARGET != HWY_SCALAR
  constexpr size_t kSide = 16 / sizeof(T);
#if HWY_MAX_BYTES >= 32
  const hn::Full128<T> d128;
  const hn::FixedTag<T, 2 * kSide> d;
  const auto load = [&](const T* low, const T* high) {
    return hn::Combine(d, hn::LoadU(d128, high), hn::LoadU(d128, low));
  };
#else
  const hn::Full128<T> d;
  const auto load = [&](const T* low, const T*) { return hn::LoadU(d, low); };
#endif
  const size_t step = hn::Lanes(d);
  whole = k / kSide * kSide;
  for (size_t u = 0; u < units; u += step) {
    // Beyond the last row, any values will do.
    const T* rows[2 * kSide];
    for (size_t i = 0; i < step; i++) rows[i] = r + std::min(u + i, units - 1) * ldr;
    T* to = out + u;
    for (size_t s = 0; s < whole; s += kSide) {
      hn::Vec<decltype(d)> v[kSide];
      BLASNET_UNROLL
      for (size_t i = 0; i < kSide; i++) v[i] = load(rows[i] + s, rows[kSide + i < step ? kSide + i : i] + s);
      if constexpr (kSide == 2) {
        hn::StoreU(hn::InterleaveLower(d, v[0], v[1]), d, to);
        hn::StoreU(hn::InterleaveUpper(d, v[0], v[1]), d, to + ldo);
      } else {
        const hn::RepartitionToWide<decltype(d)> pairs;
        const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v[0], v[1]));
        const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v[2], v[3]));
        const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[0], v[1]));
        const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[2], v[3]));
        hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
        hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + ldo);
        hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * ldo);
        hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * ldo);
      }
      to += kSide * ldo;
    }
  }
#endif
  for (size_t s = whole; s < k; s++) {
    for (size_t u = 0; u < units; u++) out[s * ldo + u] = r[u * ldr + s];
  }
}

// A panel of R (k, vectors), rows of it `ld` apart.
template <typename T>
struct Panel {
  const T* data;
  size_t ld;
};

// All rows of C's columns of a panel. `edge`: only `last` of the last vector's columns are part of C.
template <size_t vectors, bool edge, typename T>
HWY_NOINLINE void MultiplyPanel(size_t rows, size_t k, Strided<T> l, Panel<T> r, T* c, size_t ldc,
                                size_t last, bool accumulate) {
  InBlocks<RowsOfBlock(vectors)>(rows, [&](auto count, size_t i) {
    const T* none = nullptr;
    const Strided<T> left{l.data + i * l.row_stride, l.row_stride, l.k_stride};
    ProductBlock<count(), vectors, edge>(Lanes<T>(), k, left, r.data, r.ld, c + i * ldc, ldc, last, none,
                                         accumulate, Epilogue::kNone, none);
  });
}

// C (rows, n) = L (rows, k) R (k, n), plus the old C if `accumulate`, panel by panel. panel_of(col, width,
// from, size, vectors, scratch) returns columns col .. col + width of rows from .. from + size of R; it may
// write them to `scratch`.
template <typename T, class F>
void InPanels(size_t rows, size_t n, size_t k, Strided<T> l, T* c, size_t ldc, bool accumulate,
              const F& panel_of) {
  const size_t step = hn::Lanes(Lanes<T>()), chunks = Blocks(k, kPanelRows);
  HWY_ALIGN T scratch[kPanelRows * kPanelVectors * HWY_MAX_BYTES / sizeof(T)];
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const size_t from = k * chunk / chunks, size = k * (chunk + 1) / chunks - from;
    const T* left = l.data + from * l.k_stride;
    InBlocks<kPanelVectors>(Blocks(n, step), [&](auto vectors, size_t first) {
      const size_t col = first * step, width = std::min(n - col, vectors * step);
      const Panel<T> r = panel_of(col, width, from, size, vectors * step, scratch);
      const size_t last = width % step;  // 0: all
      const auto multiply = [&](auto edge) {
        MultiplyPanel<vectors(), edge()>(rows, size, Strided<T>{left, l.row_stride, l.k_stride}, r, c + col,
                                         ldc, last, accumulate || chunk > 0);
      };
      last == 0 ? multiply(std::false_type{}) : multiply(std::true_type{});
    });
  }
}

template <typename T>
void ProductUnpaddedOf(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c,
                       size_t ldc, bool accumulate) {
  InPanels(rows, n, k, l, c, ldc, accumulate,
           [&](size_t col, size_t width, size_t from, size_t size, size_t padded, T* scratch) {
             const T* at = r + from * ldr + col;
             if (width == padded) return Panel<T>{at, ldr};
             for (size_t i = 0; i < size; i++) std::copy_n(at + i * ldr, width, scratch + i * padded);
             return Panel<T>{scratch, padded};
           });
}

// Whether a transposed copy of the rows of the first `wide` columns takes less time than inner products for
// all. Counts half multiplications of vectors. Inner products sum the lanes of an accumulator in the time of
// 3 halves, and take twice as long for few columns. A copy takes a half per 8 bytes. (Measured with AVX-512,
// on 2 to 300 columns, 1 to 300 rows, and k from 32 to 128.)
template <typename T>
bool CopyPays(size_t rows, size_t wide, size_t rest, size_t k) {
  const size_t step = hn::Lanes(Lanes<T>());
  const size_t inner = 2 * Blocks(k, step) + 3;
  const size_t copied = rows * (2 * Blocks(wide, step) * k + 2 * rest * inner) + wide * k * sizeof(T) / 8;
  return copied + copied / 32 < rows * (wide + rest) * inner;
}

template <typename T>
void ProductTransposedOf(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr,
                         T* c, size_t ldc, bool accumulate) {
  const size_t step = hn::Lanes(Lanes<T>()), over = cols % step;
  // A few columns more than whole vectors take less time as inner products than as one vector more.
  size_t wide = over <= std::max<size_t>(step / 4, 2) ? cols - over : cols;
  if (!CopyPays<T>(rows, wide, cols - wide, k)) wide = 0;
  if (wide < cols) {
    ProductOptions<T> options;
    options.accumulate = accumulate;
    DotProducts(rows, cols - wide, k, l, ldl, r + wide * ldr, ldr, c + wide, ldc, options);
  }
  if (wide == 0) return;
  InPanels(rows, wide, k, Strided<T>{l, ldl, 1}, c, ldc, accumulate,
           [&](size_t col, size_t width, size_t from, size_t size, size_t padded, T* scratch) {
             TransposePanel(width, size, r + col * ldr + from, ldr, scratch, padded);
             return Panel<T>{scratch, padded};
           });
}

#define BLASNET_DEFINE(T, suffix)                                                                           \
  void ProductUnpadded##suffix(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, \
                               size_t ldc, bool accumulate) {                                               \
    ProductUnpaddedOf(rows, n, k, l, r, ldr, c, ldc, accumulate);                                           \
  }                                                                                                         \
  void ProductTransposed##suffix(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r,    \
                                 size_t ldr, T* c, size_t ldc, bool accumulate) {                           \
    ProductTransposedOf(rows, cols, k, l, ldl, r, ldr, c, ldc, accumulate);                                 \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(ProductUnpaddedF64);
HWY_EXPORT(ProductUnpaddedF32);
HWY_EXPORT(ProductTransposedF64);
HWY_EXPORT(ProductTransposedF32);

#define BLASNET_DISPATCH(T, suffix)                                                                          \
  template <>                                                                                                \
  void ProductUnpadded(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c,          \
                       size_t ldc, bool accumulate) {                                                        \
    HWY_DYNAMIC_DISPATCH(ProductUnpadded##suffix)(rows, n, k, l, r, ldr, c, ldc, accumulate);                \
  }                                                                                                          \
  template <>                                                                                                \
  void ProductTransposed(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, size_t ldr, \
                         T* c, size_t ldc, bool accumulate) {                                                \
    HWY_DYNAMIC_DISPATCH(ProductTransposed##suffix)(rows, cols, k, l, ldl, r, ldr, c, ldc, accumulate);      \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
