// Transposes matrices, in small blocks that stay in registers.
#pragma once

#include <cstddef>

namespace blasnet {

// out (cols, rows), rows of it `ld` apart: out[j * ld + i] = in[i][j]. `in` lists where each row begins.
template <typename T>
void CopyTransposed(size_t rows, size_t cols, const T* const* in, T* out, size_t ld);

}  // namespace blasnet
