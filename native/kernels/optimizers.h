// Optimisers: one walk over the flat parameter buffer.
#pragma once

#include <cstddef>

namespace blasnet {

// Gradient descent: parameters -= learning_rate * gradients.
template <typename T>
void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate);

}  // namespace blasnet
