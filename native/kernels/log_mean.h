// The mean of numbers whose logarithms are given.
#pragma once

#include <cstddef>

namespace blasnet {

// out[i] = log(mean over `blocks` of exp(x[block * size + i])), finite for all finite x. The largest one is
// taken out before exp, so that nothing overflows; the result is off by at most 3 ulp of the larger of 1 and
// |out[i]|, for up to 100 blocks. x has `blocks` arrays of `size` elements, one after another.
template <typename T>
void LogMeanExp(size_t blocks, size_t size, const T* x, T* out);

}  // namespace blasnet
