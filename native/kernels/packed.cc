#include "kernels/packed.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "kernels/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

#ifndef BLASNET_PACKED_SIZES
#define BLASNET_PACKED_SIZES
namespace blasnet {
namespace {

// The longest piece of a sum. Each block of C is read and written once a piece, so shorter pieces, whose part
// of R would stay in L1, are 1 to 4 % slower (AMD EPYC, Zen 4).
constexpr size_t kMostInner = 1024;

// The same where an operand is packed, and the rows of L that are packed at once: they stay in L2.
constexpr size_t kMostPacked = 512;
constexpr size_t kPackedRows = 64;

// From this many bytes between the first and the last column of L on, L is packed if its columns are
// contiguous. Measured on an AMD EPYC (Zen 4), from 300 x 300 to 2048 x 2048: a layer's W^T of 1.6 MB is 1 to
// 6 % faster as it is; one of 4 MB is up to 16 % faster packed, and one of 16 MB by half.
constexpr size_t kFarBytes = 2'000'000;

// This many steps before its end, a block begins to prefetch its part of C.
constexpr size_t kPrefetchSteps = 40;

// The bytes of a panel of R in each row.
constexpr size_t kPanelBytes = 192;

// The elements of a thread's room: a packed piece of L, whose last block may be partly empty, or of a panel
// of R.
template <typename T>
constexpr size_t kRoom = kMostPacked * std::max(kPackedRows + 8, kPanelBytes / sizeof(T));

}  // namespace
}  // namespace blasnet
#endif

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// A block is kRows x kVectors. Its sums take 24 of 32 registers (AVX-512, NEON), or 12 of 16; a row of R
// takes kVectors more, and an element of L, in all lanes of a vector, one. So each step makes 24
// multiplications from 11 loads, and as many independent sums as hide their latency.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
constexpr size_t kRows = 8, kVectors = 3;
#else
constexpr size_t kRows = 6, kVectors = 2;
#endif

// Where a block reads: a column of L and a row of R.
template <typename T>
struct Operands {
  const T* l;
  const T* r;
};

// sums (rows x vectors) += a column of L times a row of R; then moves on to the next ones.
template <size_t rows, size_t vectors, class D, class V, typename T>
HWY_INLINE void Step(D d, size_t row_stride, size_t k_stride, size_t ldr, Operands<T>& at,
                     V (&sums)[rows][vectors]) {
  V right[vectors];
  BLASNET_UNROLL
  for (size_t j = 0; j < vectors; j++) right[j] = hn::LoadU(d, at.r + j * hn::Lanes(d));
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++) {
    const V left = hn::Set(d, at.l[i * row_stride]);
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
  }
  at.r += ldr;
  at.l += k_stride;
}

// A block of C: rows x vectors. The sums start at 0, and are added to what C starts from at the end: this is
// more precise than to go on from there, and C is read when it is needed.
template <size_t rows, size_t vectors, class D, typename T>
HWY_INLINE void Block(D d, size_t k, Strided<T> l, const T* HWY_RESTRICT r, size_t ldr, T* c, size_t ldc,
                      const T* bias, bool accumulate, Epilogue epilogue, const T* relu) {
  using V = hn::Vec<D>;
  const size_t step = hn::Lanes(d);
  V sums[rows][vectors];
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++) {
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) sums[i][j] = hn::Zero(d);
  }
  Operands<T> at{l.data, r};
  size_t left = k;
  for (; left > kPrefetchSteps; left--) Step(d, l.row_stride, l.k_stride, ldr, at, sums);
  // Some of the last steps prefetch C, a row each: all at once, they would delay the steps, and the first
  // steps come so early that L and R drive C out of L1 again.
  const T* row = c;
  for (size_t i = 0; i < rows && left > 0; i++, left--, row += ldc) {
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) hwy::Prefetch(row + j * step);
    Step(d, l.row_stride, l.k_stride, ldr, at, sums);
  }
  for (; left > 0; left--) Step(d, l.row_stride, l.k_stride, ldr, at, sums);

  if (accumulate) {
    row = c;
    BLASNET_FORGET(row);
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++, row += ldc) {
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) sums[i][j] = hn::Add(sums[i][j], hn::LoadU(d, row + j * step));
    }
  } else if (bias != nullptr) {
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) sums[i][j] = hn::Add(sums[i][j], hn::Set(d, bias[i]));
    }
  }
  if (epilogue == Epilogue::kRelu) {
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) {
        sums[i][j] = hn::IfThenZeroElse(hn::Le(sums[i][j], hn::Zero(d)), sums[i][j]);
      }
    }
  } else if (epilogue == Epilogue::kReluGradient) {
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++, relu += ldc) {
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) {
        const V a = hn::LoadU(d, relu + j * step);
        sums[i][j] = hn::IfThenZeroElse(hn::Le(a, hn::Zero(d)), sums[i][j]);
      }
    }
  }
  BLASNET_FORGET(c);
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++, c += ldc) {
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) hn::StoreU(sums[i][j], d, c + j * step);
  }
}

// Calls f(count, i) for `count` rows from row i: blocks of kRows rows, and the rest in blocks of 4, 2 and 1.
template <class F>
HWY_INLINE void InBlocks(size_t rows, const F& f) {
  size_t i = 0;
  for (; i + kRows <= rows; i += kRows) f(std::integral_constant<size_t, kRows>{}, i);
  if (i + 4 <= rows) {
    f(std::integral_constant<size_t, 4>{}, i);
    i += 4;
  }
  if (i + 2 <= rows) {
    f(std::integral_constant<size_t, 2>{}, i);
    i += 2;
  }
  if (i < rows) f(std::integral_constant<size_t, 1>{}, i);
}

// L's rows, as they are or packed: blocks of kRows rows, one after another, each with its columns one after
// another.
template <typename T>
struct Left {
  Strided<T> l;
  size_t block;  // the distance between blocks

  Strided<T> From(size_t row) const {
    return {l.data + row / kRows * block + row % kRows * l.row_stride, l.row_stride, l.k_stride};
  }
};

// Copies L, whose columns are contiguous: column by column, as their pages come.
template <typename T>
Left<T> Pack(size_t rows, size_t k, const T* l, size_t k_stride, T* room) {
  constexpr size_t kAhead = 16;  // columns
  for (size_t at = 0; at < k; at++, l += k_stride) {
    for (size_t i = 0; i < rows; i += 64 / sizeof(T)) hwy::Prefetch(l + kAhead * k_stride + i);
    T* out = room + at * kRows;
    size_t i = 0;
    for (; i + kRows <= rows; i += kRows, out += kRows * k) std::copy_n(l + i, kRows, out);
    for (size_t row = 0; i < rows; i++, row++) out[row] = l[i];
  }
  return {{room, 1, kRows}, kRows * k};
}

// All rows of a panel that is `vectors` wide.
template <size_t vectors, class D, typename T>
HWY_NOINLINE void Panel(D d, size_t rows, size_t k, const Left<T>& left, const T* r, size_t ldr, T* c,
                        size_t ldc, const ProductOptions<T>& options) {
  InBlocks(rows, [&](auto count, size_t i) {
    Block<count(), vectors>(d, k, left.From(i), r, ldr, c + i * ldc, ldc,
                            options.bias == nullptr ? nullptr : options.bias + i, options.accumulate,
                            options.epilogue, options.relu == nullptr ? nullptr : options.relu + i * ldc);
  });
}

// Calls f(count, j) for panels of `count` vectors from vector j. One of a single vector wastes most: so 4 = 2
// + 2.
template <class F>
HWY_INLINE void InPanels(size_t vectors, const F& f) {
  for (size_t j = 0; j < vectors;) {
    const size_t left = vectors - j;
    const size_t take = left == kVectors + 1 ? 2 : std::min(left, kVectors);
    if (take == 1) f(std::integral_constant<size_t, 1>{}, j);
    if (take == 2) f(std::integral_constant<size_t, 2>{}, j);
    if constexpr (kVectors > 2) {
      if (take == 3) f(std::integral_constant<size_t, 3>{}, j);
    }
    j += take;
  }
}

// Calls f(from, size, options) for the pieces of a sum over k, one after another. The first piece starts from
// what the options say, the last one ends as they say.
template <typename T, class F>
HWY_INLINE void InPieces(size_t k, size_t most, const ProductOptions<T>& options, const F& f) {
  const size_t pieces = std::max<size_t>(1, (k + most - 1) / most);
  for (size_t piece = 0; piece < pieces; piece++) {
    const size_t from = k * piece / pieces;
    ProductOptions<T> of_piece = options;
    if (piece > 0) of_piece.accumulate = true;
    if (piece + 1 < pieces) of_piece.epilogue = Epilogue::kNone;
    f(from, k * (piece + 1) / pieces - from, of_piece);
  }
}

template <class D, typename T>
void RowsOf(D d, size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
            const ProductOptions<T>& options, T* room) {
  const size_t step = hn::Lanes(d);
  const size_t vectors = (n + step - 1) / step;
  const bool far = l.row_stride == 1 && k * l.k_stride * sizeof(T) >= kFarBytes;
  const size_t most = far ? kMostPacked : kMostInner;
  InPieces(k, most, options, [&](size_t from, size_t size, const ProductOptions<T>& of_piece) {
    const Strided<T> own{l.data + from * l.k_stride, l.row_stride, l.k_stride};
    const Left<T> left = far && vectors > kVectors ? Pack(rows, size, own.data, l.k_stride, room)
                                                   : Left<T>{own, kRows * l.row_stride};
    InPanels(vectors, [&](auto count, size_t j) {
      const size_t column = j * step;
      ProductOptions<T> of_panel = of_piece;
      if (of_panel.relu != nullptr) of_panel.relu += column;
      Panel<count()>(d, rows, size, left, r + from * ldr + column, ldr, c + column, ldc, of_panel);
    });
  });
}

template <typename T>
void WideProductOf(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc,
                   const ProductOptions<T>& options, T* room) {
  // A few columns more than whole vectors take shorter vectors, and are summed in the same order.
  const size_t over = n % hn::Lanes(Lanes<T>());
  const size_t few = n > over && over <= hn::Lanes(FewLanes<T>()) ? over : 0, most = n - few;
  for (size_t i = 0; i < rows; i += kPackedRows) {
    const size_t size = std::min(kPackedRows, rows - i);
    const Strided<T> own{l.data + i * l.row_stride, l.row_stride, l.k_stride};
    ProductOptions<T> of_rows = options;
    if (options.bias != nullptr) of_rows.bias += i;
    if (options.relu != nullptr) of_rows.relu += i * ldc;
    if (n <= hn::Lanes(FewLanes<T>())) {
      RowsOf(FewLanes<T>(), size, n, k, own, r, ldr, c + i * ldc, ldc, of_rows, room);
      continue;
    }
    RowsOf(Lanes<T>(), size, most, k, own, r, ldr, c + i * ldc, ldc, of_rows, room);
    if (few == 0) continue;
    if (options.relu != nullptr) of_rows.relu += most;
    RowsOf(FewLanes<T>(), size, few, k, own, r + most, ldr, c + i * ldc + most, ldc, of_rows, room);
  }
}

// Block by block into a buffer, whose first `cols` columns are copied to C: for the last panel, if C has no
// room for its last vector.
template <size_t vectors, class D, typename T>
HWY_NOINLINE void LastPanel(D d, size_t rows, size_t cols, size_t k, const Left<T>& left, const T* r, T* c,
                            size_t ldc, bool accumulate) {
  HWY_ALIGN T buffer[kRows * kPanelBytes / sizeof(T)];
  const size_t width = vectors * hn::Lanes(d);
  InBlocks(rows, [&](auto count, size_t i) {
    Block<count(), vectors, D, T>(d, k, left.From(i), r, width, buffer, width, nullptr, false,
                                  Epilogue::kNone, nullptr);
    for (size_t row = 0; row < count(); row++) {
      T* out = c + (i + row) * ldc;
      const T* in = buffer + row * width;
      for (size_t j = 0; j < cols; j++) out[j] = accumulate ? out[j] + in[j] : in[j];
    }
  });
}

template <typename T>
void WideProductTransposedOf(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r,
                             size_t ldr, T* c, size_t ldc, bool accumulate, T* room) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  ProductOptions<T> options;
  options.accumulate = accumulate;
  InPieces(k, kMostPacked, options, [&](size_t from, size_t size, const ProductOptions<T>& of_piece) {
    const Left<T> left{{l + from, ldl, 1}, kRows * ldl};
    InPanels((cols + step - 1) / step, [&](auto count, size_t j) {
      constexpr size_t vectors = count();
      const size_t column = j * step, width = vectors * step, own = std::min(width, cols - column);
      const T* in[kPanelBytes / sizeof(T)];
      for (size_t i = 0; i < own; i++) in[i] = r + (column + i) * ldr + from;
      CopyTransposed(own, size, in, room, width);
      if (own == width) {
        Panel<vectors>(d, rows, size, left, room, width, c + column, ldc, of_piece);
      } else {
        for (size_t at = 0; at < size; at++)
          std::fill(room + at * width + own, room + (at + 1) * width, T{0});
        LastPanel<vectors>(d, rows, own, size, left, room, c + column, ldc, of_piece.accumulate);
      }
    });
  });
}

#define BLASNET_DEFINE(T, suffix)                                                                            \
  void WideProduct##suffix(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c,      \
                           size_t ldc, const ProductOptions<T>& options, T* room) {                          \
    WideProductOf(rows, n, k, l, r, ldr, c, ldc, options, room);                                             \
  }                                                                                                          \
  void WideProductTransposed##suffix(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r, \
                                     size_t ldr, T* c, size_t ldc, bool accumulate, T* room) {               \
    WideProductTransposedOf(rows, cols, k, l, ldl, r, ldr, c, ldc, accumulate, room);                        \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {
namespace {

// Each thread's own, made at its first product.
template <typename T>
T* Room() {
  constexpr size_t kLine = 64 / sizeof(T);
  thread_local std::vector<T> room(kRoom<T> + kLine);
  const size_t offset = reinterpret_cast<uintptr_t>(room.data()) / sizeof(T) % kLine;
  return room.data() + (kLine - offset) % kLine;
}

}  // namespace

HWY_EXPORT(WideProductF64);
HWY_EXPORT(WideProductF32);
HWY_EXPORT(WideProductTransposedF64);
HWY_EXPORT(WideProductTransposedF32);

#define BLASNET_DISPATCH(T, suffix)                                                                         \
  template <>                                                                                               \
  void WideProduct(size_t rows, size_t n, size_t k, Strided<T> l, const T* r, size_t ldr, T* c, size_t ldc, \
                   const ProductOptions<T>& options) {                                                      \
    HWY_DYNAMIC_DISPATCH(WideProduct##suffix)(rows, n, k, l, r, ldr, c, ldc, options, Room<T>());           \
  }                                                                                                         \
  template <>                                                                                               \
  void WideProductTransposed(size_t rows, size_t cols, size_t k, const T* l, size_t ldl, const T* r,        \
                             size_t ldr, T* c, size_t ldc, bool accumulate) {                               \
    HWY_DYNAMIC_DISPATCH(WideProductTransposed##suffix)                                                     \
    (rows, cols, k, l, ldl, r, ldr, c, ldc, accumulate, Room<T>());                                         \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
