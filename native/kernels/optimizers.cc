#include "kernels/optimizers.h"

namespace blasnet {

template <typename T>
void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate) {
  for (size_t i = 0; i < size; i++) parameters[i] -= learning_rate * gradients[i];
}

template void GradientDescent(double*, const double*, size_t, double);
template void GradientDescent(float*, const float*, size_t, float);

}  // namespace blasnet
