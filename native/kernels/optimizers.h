// Optimisers: one walk over a stretch of the flat parameters, their gradients and the optimiser's state, all
// of `size` elements.
#pragma once

#include <cstddef>

namespace blasnet {

// sum += part
template <typename T>
void AddTo(T* sum, const T* part, size_t size);

// Gradient descent: parameters -= learning_rate * gradients.
template <typename T>
void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate);

// Gradient descent with momentum, in PyTorch's form (Sutskever et al., 2013):
//   velocity = momentum * velocity + gradients
//   parameters -= learning_rate * velocity
template <typename T>
void Momentum(T* parameters, T* velocity, const T* gradients, size_t size, T learning_rate, T momentum);

template <typename T>
struct AdamFactors {
  T step;  // learning_rate / (1 - beta1^t)
  T beta1;
  T beta2;
  T rest1;  // 1 - beta1 and 1 - beta2, rounded once: 1 - T(0.999) would be off by 5e-5 in float
  T rest2;
  T inverse_root;  // 1 / sqrt(1 - beta2^t)
  T epsilon;
};

// Adam (Kingma and Ba, 2015), epsilon outside the root as in PyTorch:
//   mean = beta1 * mean + (1 - beta1) * gradients
//   square = beta2 * square + (1 - beta2) * gradients^2
//   parameters -= step * mean / (sqrt(square) * inverse_root + epsilon)
template <typename T>
void Adam(T* parameters, T* mean, T* square, const T* gradients, size_t size, const AdamFactors<T>& factors);

}  // namespace blasnet
