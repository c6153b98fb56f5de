#include "kernels/regularizers.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/regularizers.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

template <typename T>
double AddPenaltyOf(size_t size, const T* w, T l1, T l2, T* gradients) {
  if (gradients != nullptr) {
    Map(gradients, w, size, gradients, [l1, l2](auto d, auto g, auto value) {
      const auto zero = hn::Zero(d);
      const auto slope = hn::IfThenElse(hn::Gt(value, zero), hn::Set(d, l1),
                                        hn::IfThenElse(hn::Lt(value, zero), hn::Set(d, -l1), zero));
      return hn::Add(g, hn::MulAdd(hn::Set(d, 2 * l2), value, slope));
    });
  }
  double penalty = 0;
  if (l1 > 0) {
    penalty += static_cast<double>(l1) * SumOf(size, [](auto, auto a) { return hn::Abs(a); }, w);
  }
  if (l2 > 0) {
    penalty += static_cast<double>(l2) * SumOf(size, [](auto, auto a) { return hn::Mul(a, a); }, w);
  }
  return penalty;
}

template <typename T>
void ClipByValueOf(size_t size, T most, T* gradients) {
  Map(gradients, size, gradients, [most](auto d, auto g) {
    // Comparisons leave NaN as it is.
    const auto high = hn::Set(d, most), low = hn::Set(d, -most);
    return hn::IfThenElse(hn::Gt(g, high), high, hn::IfThenElse(hn::Lt(g, low), low, g));
  });
}

template <typename T>
void LimitRowNormsOf(size_t rows, size_t cols, T most, T* w) {
  for (size_t i = 0; i < rows; i++) {
    T* row = w + i * cols;
    const double squares = SumOf(cols, [](auto, auto a) { return hn::Mul(a, a); }, row);
    const double norm = std::sqrt(squares);
    if (norm <= static_cast<double>(most)) continue;
    const T factor = static_cast<T>(static_cast<double>(most) / norm);
    Map(row, cols, row, [factor](auto d, auto a) { return hn::Mul(a, hn::Set(d, factor)); });
  }
}

#define BLASNET_DEFINE(T, suffix)                                                       \
  double AddPenalty##suffix(size_t size, const T* w, T l1, T l2, T* gradients) {        \
    return AddPenaltyOf(size, w, l1, l2, gradients);                                    \
  }                                                                                     \
  void ClipByValue##suffix(size_t size, T most, T* g) { ClipByValueOf(size, most, g); } \
  void LimitRowNorms##suffix(size_t rows, size_t cols, T most, T* w) { LimitRowNormsOf(rows, cols, most, w); }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(AddPenaltyF64);
HWY_EXPORT(AddPenaltyF32);
HWY_EXPORT(ClipByValueF64);
HWY_EXPORT(ClipByValueF32);
HWY_EXPORT(LimitRowNormsF64);
HWY_EXPORT(LimitRowNormsF32);

#define BLASNET_DISPATCH(T, suffix)                                              \
  template <>                                                                    \
  double AddPenalty(size_t size, const T* w, T l1, T l2, T* gradients) {         \
    return HWY_DYNAMIC_DISPATCH(AddPenalty##suffix)(size, w, l1, l2, gradients); \
  }                                                                              \
  template <>                                                                    \
  void ClipByValue(size_t size, T most, T* gradients) {                          \
    HWY_DYNAMIC_DISPATCH(ClipByValue##suffix)(size, most, gradients);            \
  }                                                                              \
  template <>                                                                    \
  void LimitRowNorms(size_t rows, size_t cols, T most, T* w) {                   \
    HWY_DYNAMIC_DISPATCH(LimitRowNorms##suffix)(rows, cols, most, w);            \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
