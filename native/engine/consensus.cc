#include "engine/consensus.h"

#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "kernels/log_mean.h"
#include "kernels/vectors.h"

namespace blasnet {

template <typename T>
const T* Consensus<T>::OfOutputs(const T* a, size_t m, size_t ld) {
  if (Members() == 1) return a;
  T* answer = answer_.Reserve(network_.Outputs() * ld);
  if (GivesLogarithms()) {
    MeanOfLogarithms(a, m, ld, answer);
    return answer;
  }
  for (size_t i = 0; i < network_.Outputs(); i++) {
    T* sum = answer + i * ld;
    std::copy_n(a + i * ld, m, sum);
    for (size_t member = 1; member < Members(); member++) {
      AddScaled(static_cast<const T*>(sum), 1.0, a + i * ld + member * m, m, sum);
    }
    Scale(static_cast<const T*>(sum), 1.0 / static_cast<double>(Members()), m, sum);
  }
  return answer;
}

// The logarithms of the mean probabilities are logits of softmax. A logit of sigmoid is the difference of the
// logarithms of the mean probability and of its opposite.
template <typename T>
const T* Consensus<T>::OfLogits(const T* z, size_t m, size_t ld) {
  if (Members() == 1) return z;
  const size_t size = network_.Outputs() * ld;
  T* answer = answer_.Reserve(size);
  if (loss_ != Loss::kBinaryCrossEntropy) {
    T* logarithms = logarithms_.Reserve(size);
    ActivationForward(Activation::kLogSoftmax, T{0}, SampleAxis::kColumns, ld, network_.Outputs(), z,
                      logarithms);
    MeanOfLogarithms(logarithms, m, ld, answer);
    return answer;
  }
  T* opposite = opposite_.Reserve(size);
  MeanOfLogarithms(LogSigmoids(z, 1, ld), m, ld, answer);
  MeanOfLogarithms(LogSigmoids(z, -1, ld), m, ld, opposite);
  AddScaled(static_cast<const T*>(answer), -1.0, static_cast<const T*>(opposite), size, answer);
  return answer;
}

template <typename T>
const T* Consensus<T>::LogSigmoids(const T* z, double sign, size_t ld) {
  const size_t units = network_.Outputs(), size = units * ld;
  T* logarithms = logarithms_.Reserve(size);
  Scale(z, -sign, size, logarithms);
  ActivationForward(Activation::kSoftplus, T{0}, SampleAxis::kColumns, ld, units,
                    static_cast<const T*>(logarithms), logarithms);
  Scale(static_cast<const T*>(logarithms), -1.0, size, logarithms);
  return logarithms;
}

template <typename T>
void Consensus<T>::MeanOfLogarithms(const T* logarithms, size_t m, size_t ld, T* out) const {
  for (size_t i = 0; i < network_.Outputs(); i++) {
    LogMeanExp(Members(), m, logarithms + i * ld, out + i * ld);
  }
}

// A mean of logarithms weighs each member by its share of the probability.
template <typename T>
void Consensus<T>::Backward(const T* a, const T* answer, size_t output, size_t m, size_t ld, T* da) const {
  const double share = 1.0 / static_cast<double>(Members());
  const size_t row = output * ld;
  for (size_t member = 0; member < Members(); member++) {
    for (size_t i = 0; i < m; i++) {
      const size_t at = row + member * m + i;
      const double weight =
          GivesLogarithms() ? std::exp(static_cast<double>(a[at]) - static_cast<double>(answer[row + i])) : 1;
      da[at] = static_cast<T>(share * weight);
    }
  }
}

template class Consensus<double>;
template class Consensus<float>;

}  // namespace blasnet
