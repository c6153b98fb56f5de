// Cosines and sines of angles in turns, for periodic embeddings of numbers.
#pragma once

#include <cstddef>

namespace blasnet {

// cosines[i] = cos(2 pi t) and sines[i] = sin(2 pi t), where t = frequency * x[i] + phase. Sines may be null.
// The angle is reduced without an error, so that the results are off by at most 2 ulp of 1 for any t, if 4 t
// is finite.
template <typename T>
void Waves(size_t size, T frequency, T phase, const T* x, T* cosines, T* sines);

// The gradients by the angles, in radians: d[i] = d_sines[i] * cosines[i] - d_cosines[i] * sines[i]. d_sines
// may be null: then the sines are not used. d may be any of the arrays.
template <typename T>
void WaveGradients(size_t size, const T* cosines, const T* sines, const T* d_cosines, const T* d_sines, T* d);

}  // namespace blasnet
