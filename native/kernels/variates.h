// The numbers that NumPy's legacy generator makes from the words of the Mersenne Twister (twister.h). The
// words are not tempered yet.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// The words of a uniform number, and of a candidate for a pair of normals.
inline constexpr size_t kUniformWords = 2, kCandidateWords = 4;

// out[i] = low + range * a double in [0, 1), a multiple of 2^-53. words (kUniformWords * size)
template <typename T>
void Uniforms(const uint32_t* words, double low, double range, size_t size, T* out);

// Numbers are mean + deviation * a normal. Normals whose absolute value is above `limit` are left out.
struct NormalOptions {
  double mean;
  double deviation;
  double limit;  // at least 1; infinity: none is left out
};

struct DrawnNormals {
  size_t count;   // of the numbers
  double second;  // the last pair's second normal, left out or not; NaN without a pair
};

// Makes pairs of normals by Marsaglia's polar form of the Box-Muller method, which uses 79 % of the
// candidates. words (kCandidateWords * candidates), out (2 * candidates)
template <typename T>
DrawnNormals Normals(const uint32_t* words, size_t candidates, const NormalOptions& options, T* out);

}  // namespace blasnet
