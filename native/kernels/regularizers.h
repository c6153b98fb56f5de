// Penalties and limits for weights and gradients.
#pragma once

#include <cstddef>

namespace blasnet {

// gradients += l1 * sign(w) + 2 * l2 * w. Returns the penalty, l1 * sum |w| + l2 * sum w^2, as in Keras. Null
// gradients: only returns the penalty.
template <typename T>
double AddPenalty(size_t size, const T* w, T l1, T l2, T* gradients);

// Clips the gradients to [-most, most].
template <typename T>
void ClipByValue(size_t size, T most, T* gradients);

// Scales each row of W (rows, cols) whose Euclidean norm exceeds `most` down to that norm (Srebro and
// Shraibman, 2005; Srivastava et al., 2014).
template <typename T>
void LimitRowNorms(size_t rows, size_t cols, T most, T* w);

}  // namespace blasnet
