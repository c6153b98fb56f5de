#include "kernels/optimizers.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizers.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
void AddToOf(T* sum, const T* part, size_t size) {
  Map(sum, part, size, sum, [](auto, auto a, auto b) { return hn::Add(a, b); });
}

template <typename T>
void GradientDescentOf(T* parameters, const T* gradients, size_t size, T learning_rate) {
  Map(parameters, gradients, size, parameters,
      [learning_rate](auto d, auto p, auto g) { return hn::NegMulAdd(hn::Set(d, learning_rate), g, p); });
}

template <typename T>
void MomentumOf(T* parameters, T* velocity, const T* gradients, size_t size, T learning_rate, T momentum) {
  Map(velocity, gradients, size, velocity,
      [momentum](auto d, auto v, auto g) { return hn::MulAdd(hn::Set(d, momentum), v, g); });
  GradientDescentOf(parameters, velocity, size, learning_rate);
}

template <class D, class V = hn::Vec<D>, typename T>
HWY_INLINE V AdamVector(D d, V p, V g, V* mean, V* square, const AdamFactors<T>& factors) {
  *mean = hn::MulAdd(hn::Set(d, factors.beta1), *mean, hn::Mul(hn::Set(d, factors.rest1), g));
  *square = hn::MulAdd(hn::Set(d, factors.beta2), *square, hn::Mul(hn::Set(d, factors.rest2), hn::Mul(g, g)));
  const V root = hn::MulAdd(hn::Sqrt(*square), hn::Set(d, factors.inverse_root), hn::Set(d, factors.epsilon));
  return hn::NegMulAdd(hn::Set(d, factors.step), hn::Div(*mean, root), p);
}

template <typename T>
void AdamOf(T* parameters, T* mean, T* square, const T* gradients, size_t size,
            const AdamFactors<T>& factors) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  size_t i = 0;
  for (; i + step <= size; i += step) {
    auto m = hn::LoadU(d, mean + i), v = hn::LoadU(d, square + i);
    const auto p = AdamVector(d, hn::LoadU(d, parameters + i), hn::LoadU(d, gradients + i), &m, &v, factors);
    hn::StoreU(p, d, parameters + i);
    hn::StoreU(m, d, mean + i);
    hn::StoreU(v, d, square + i);
  }
  if (i < size) {
    const size_t rest = size - i;
    auto m = LoadFirst(d, mean + i, rest), v = LoadFirst(d, square + i, rest);
    const auto p =
        AdamVector(d, LoadFirst(d, parameters + i, rest), LoadFirst(d, gradients + i, rest), &m, &v, factors);
    StoreFirst(d, p, parameters + i, rest);
    StoreFirst(d, m, mean + i, rest);
    StoreFirst(d, v, square + i, rest);
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                     \
  void AddTo##suffix(T* sum, const T* part, size_t size) { AddToOf(sum, part, size); }                \
  void GradientDescent##suffix(T* parameters, const T* gradients, size_t size, T learning_rate) {     \
    GradientDescentOf(parameters, gradients, size, learning_rate);                                    \
  }                                                                                                   \
  void Momentum##suffix(T* parameters, T* velocity, const T* gradients, size_t size, T learning_rate, \
                        T momentum) {                                                                 \
    MomentumOf(parameters, velocity, gradients, size, learning_rate, momentum);                       \
  }                                                                                                   \
  void Adam##suffix(T* parameters, T* mean, T* square, const T* gradients, size_t size,               \
                    const AdamFactors<T>& factors) {                                                  \
    AdamOf(parameters, mean, square, gradients, size, factors);                                       \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(AddToF64);
HWY_EXPORT(AddToF32);
HWY_EXPORT(GradientDescentF64);
HWY_EXPORT(GradientDescentF32);
HWY_EXPORT(MomentumF64);
HWY_EXPORT(MomentumF32);
HWY_EXPORT(AdamF64);
HWY_EXPORT(AdamF32);

#define BLASNET_DISPATCH(T, suffix)                                                                         \
  template <>                                                                                               \
  void AddTo(T* sum, const T* part, size_t size) {                                                          \
    HWY_DYNAMIC_DISPATCH(AddTo##suffix)(sum, part, size);                                                   \
  }                                                                                                         \
  template <>                                                                                               \
  void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate) {                   \
    HWY_DYNAMIC_DISPATCH(GradientDescent##suffix)(parameters, gradients, size, learning_rate);              \
  }                                                                                                         \
  template <>                                                                                               \
  void Momentum(T* parameters, T* velocity, const T* gradients, size_t size, T learning_rate, T momentum) { \
    HWY_DYNAMIC_DISPATCH(Momentum##suffix)(parameters, velocity, gradients, size, learning_rate, momentum); \
  }                                                                                                         \
  template <>                                                                                               \
  void Adam(T* parameters, T* mean, T* square, const T* gradients, size_t size,                             \
            const AdamFactors<T>& factors) {                                                                \
    HWY_DYNAMIC_DISPATCH(Adam##suffix)(parameters, mean, square, gradients, size, factors);                 \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
