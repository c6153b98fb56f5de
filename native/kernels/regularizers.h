// What holds weights and gradients back.
#pragma once

#include <cstddef>

namespace blasnet {

// gradients += l1 * sign(w) + 2 * l2 * w; returns the penalty, l1 * sum |w| + l2 * sum w^2, as in Keras.
// Null gradients: the penalty alone.
template <typename T>
double AddPenalty(size_t size, const T* w, T l1, T l2, T* gradients);

// gradients, kept in [-most, most]
template <typename T>
void ClipByValue(size_t size, T most, T* gradients);

// Rows of W (rows, cols) whose Euclidean norm is beyond `most` are scaled down to it (Srebro and Shraibman,
// 2005; Srivastava et al., 2014).
template <typename T>
void LimitRowNorms(size_t rows, size_t cols, T most, T* w);

}  // namespace blasnet
