// The parts of register-blocked products. Include this file after foreach_target.h, like vector-inl.h.
#if defined(BLASNET_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BLASNET_BLOCKS_INL_H_
#undef BLASNET_BLOCKS_INL_H_
#else
#define BLASNET_BLOCKS_INL_H_
#endif

#include <cstddef>
#include <type_traits>

#include "kernels/blocks.h"
#include "kernels/sums-inl.h"
#include "kernels/vector-inl.h"

#undef BLASNET_REGISTERS
// A block's accumulators must stay in registers. So loops over them are fully unrolled, and their number fits
// the register file (32 registers with AVX-512 and NEON, 16 before), with room for one column of operands.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM
#define BLASNET_REGISTERS 32
#else
#define BLASNET_REGISTERS 16
#endif

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Rows of a block that is `vectors` wide: 8x3, 6x4 (with 16 registers: 4x3, 3x4, 6x2).
constexpr size_t RowsOfBlock(size_t vectors) {
  return BLASNET_REGISTERS == 32 ? (vectors >= 4 ? 6 : 8) : (vectors == 4 ? 3 : vectors == 3 ? 4 : 6);
}

// Calls f(count) with a constant of this value, from 1 to `most`.
template <size_t most, class F>
HWY_INLINE void WithConstant(size_t count, const F& f) {
  if constexpr (most > 1) {
    if (count < most) return WithConstant<most - 1>(count, f);
  }
  f(std::integral_constant<size_t, most>{});
}

// Calls block(count, i) for blocks of `count` rows from row i: as few blocks of at most `most` rows as
// possible, whose heights differ by at most one. So none is so low that it waits for its loads and for the
// results of its own multiplications.
template <size_t most, class F>
HWY_INLINE void InBlocks(size_t rows, const F& block) {
  const size_t blocks = (rows + most - 1) / most;
  if (blocks == 0) return;
  const size_t least = rows / blocks, taller = rows % blocks;
  for (size_t b = 0, i = 0; b < blocks; b++) {
    const size_t height = b < taller ? least + 1 : least;
    WithConstant<most>(height, [&](auto count) { block(count, i); });
    i += height;
  }
}

// sums[i][j] is vector j of row i of C. For each k: loads vectors of R's row, and broadcasts one element
// after the other of L's column. `edge`: only the first `last` columns of the last vector are part of C.
template <size_t rows, size_t vectors, bool edge, class D, typename T>
HWY_INLINE void ProductBlock(D d, size_t k, Strided<T> l, const T* HWY_RESTRICT r, size_t ldr, T* c,
                             size_t ldc, size_t last, const T* bias, bool accumulate, Epilogue epilogue,
                             const T* relu) {
  using V = hn::Vec<D>;
  const size_t step = hn::Lanes(d);
  V sums[rows][vectors];
  if (accumulate) {
    const T* row = c;
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++, row += ldc) {
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) {
        const bool part = edge && j == vectors - 1;
        sums[i][j] = part ? LoadFirst(d, row + j * step, last) : hn::LoadU(d, row + j * step);
      }
    }
  } else {
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const V start = bias == nullptr ? hn::Zero(d) : hn::Set(d, bias[i]);
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) sums[i][j] = start;
    }
  }
  const T* column = l.data;
  for (size_t at = 0; at < k; at++) {
    V right[vectors];
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) right[j] = hn::LoadU(d, r + j * step);
    BLASNET_UNROLL
    for (size_t i = 0; i < rows; i++) {
      const V left = hn::Set(d, column[i * l.row_stride]);
      BLASNET_UNROLL
      for (size_t j = 0; j < vectors; j++) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
    r += ldr;
    column += l.k_stride;
  }
  BLASNET_FORGET(c);
  BLASNET_UNROLL
  for (size_t i = 0; i < rows; i++) {
    BLASNET_UNROLL
    for (size_t j = 0; j < vectors; j++) {
      V value = sums[i][j];
      if (epilogue == Epilogue::kRelu) value = hn::IfThenZeroElse(hn::Le(value, hn::Zero(d)), value);
      if (epilogue == Epilogue::kReluGradient) {
        const V a = hn::LoadU(d, relu + j * step);
        value = hn::IfThenZeroElse(hn::Le(a, hn::Zero(d)), value);
      }
      if (edge && j == vectors - 1) {
        StoreFirst(d, value, c + j * step, last);
      } else {
        hn::StoreU(value, d, c + j * step);
      }
    }
    c += ldc;
    relu += ldc;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#endif  // BLASNET_BLOCKS_INL_H_
