#include "kernels/normalization.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalization.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Rounding may take a variance of nearly 0 below it. NaN stays.
inline double Positive(double variance) { return variance < 0 ? 0 : variance; }

template <typename T>
void RowMomentsOf(size_t units, size_t m, size_t ld, const T* x, T* mean, T* rest, T* variance) {
  const double count = static_cast<double>(m);
  for (size_t i = 0; i < units; i++) {
    const T* row = x + i * ld;
    // Lanes beyond the last element hold 0; they are not summed.
    const auto sum_of_distances = [m, row](T from) {
      return SumOf(m, [from](auto d, auto a) { return hn::Sub(a, hn::Set(d, from)); }, row);
    };
    // The sums are those of distances: from the first element, then from the mean. So nothing cancels, and
    // large numbers that are close to each other keep their digits. The second sum finds what the first one
    // rounded off.
    const T center = static_cast<T>(static_cast<double>(row[0]) + sum_of_distances(row[0]) / count);
    const double off = sum_of_distances(center) / count;
    const double squares = SumOf(
        m,
        [center](auto d, auto a) {
          const auto distance = hn::Sub(a, hn::Set(d, center));
          return hn::Mul(distance, distance);
        },
        row);
    mean[i] = center;
    rest[i] = static_cast<T>(off);
    variance[i] = static_cast<T>(Positive(squares / count - off * off));
  }
}

template <typename T>
void NormalizeRowsOf(size_t units, size_t m, size_t ld, const T* x, const T* mean, const T* rest,
                     const T* inverse, const T* gamma, const T* beta, T* normalized, T* out) {
  for (size_t i = 0; i < units; i++) {
    const T center = mean[i], off = rest == nullptr ? T{0} : rest[i];
    const T factor = inverse[i], scale = gamma[i], shift = beta[i];
    Map(x + i * ld, m, normalized + i * ld, [center, off, factor](auto d, auto a) {
      const auto distance = hn::Sub(hn::Sub(a, hn::Set(d, center)), hn::Set(d, off));
      return hn::Mul(distance, hn::Set(d, factor));
    });
    Map(normalized + i * ld, m, out + i * ld,
        [scale, shift](auto d, auto a) { return hn::MulAdd(hn::Set(d, scale), a, hn::Set(d, shift)); });
  }
}

// The sums of a row that are the gradients of its gamma and beta.
template <typename T>
HWY_INLINE double SumOfProducts(size_t m, const T* d, const T* normalized) {
  return SumOf(m, [](auto, auto a, auto b) { return hn::Mul(a, b); }, d, normalized);
}
template <typename T>
HWY_INLINE double SumOfRow(size_t m, const T* d) {
  return SumOf(m, [](auto, auto a) { return a; }, d);
}

template <typename T>
void RowGradientsOf(size_t units, size_t m, size_t ld, const T* d, const T* normalized, double* by_gamma,
                    double* by_beta) {
  for (size_t i = 0; i < units; i++) {
    by_gamma[i] = SumOfProducts(m, d + i * ld, normalized + i * ld);
    by_beta[i] = SumOfRow(m, d + i * ld);
  }
}

template <typename T>
void NormalizeRowsBackwardOf(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                             const T* gamma, const T* mean_gamma, const T* mean_beta, T* d) {
  for (size_t i = 0; i < units; i++) {
    T* row = d + i * ld;
    const T factor = gamma[i] * inverse[i];
    const T by_gamma = mean_gamma == nullptr ? T{0} : mean_gamma[i];
    const T by_beta = mean_beta == nullptr ? T{0} : mean_beta[i];
    Map(row, normalized + i * ld, m, row, [=](auto v, auto a, auto value) {
      const auto rest = hn::NegMulAdd(value, hn::Set(v, by_gamma), hn::Sub(a, hn::Set(v, by_beta)));
      return hn::Mul(rest, hn::Set(v, factor));
    });
  }
}

template <typename T>
void NormalizeColumnsOf(size_t units, size_t m, size_t ld, const T* x, T epsilon, const T* gamma,
                        const T* beta, T* normalized, T* inverse, T* out) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  const auto count = hn::Set(d, static_cast<T>(units));
  for (size_t j = 0; j < m; j += step) {
    // As in RowMoments: distances from the first unit, then from the mean, whose sum is what was rounded off.
    const auto first = hn::LoadU(d, x + j);
    auto sum = hn::Zero(d);
    for (size_t i = 0; i < units; i++) sum = hn::Add(sum, hn::Sub(hn::LoadU(d, x + i * ld + j), first));
    const auto mean = hn::Add(first, hn::Div(sum, count));
    auto left = hn::Zero(d), squares = hn::Zero(d);
    for (size_t i = 0; i < units; i++) {
      const auto distance = hn::Sub(hn::LoadU(d, x + i * ld + j), mean);
      left = hn::Add(left, distance);
      squares = hn::MulAdd(distance, distance, squares);
    }
    const auto off = hn::Div(left, count);
    // Below 0 by rounding at most; Max would lose a NaN.
    const auto spread = hn::NegMulAdd(off, off, hn::Div(squares, count));
    const auto variance = hn::IfThenElse(hn::Lt(spread, hn::Zero(d)), hn::Zero(d), spread);
    const auto root = hn::Sqrt(hn::Add(variance, hn::Set(d, epsilon)));
    const auto factor = hn::Div(hn::Set(d, T{1}), root);
    hn::StoreU(factor, d, inverse + j);
    for (size_t i = 0; i < units; i++) {
      const size_t at = i * ld + j;
      const auto value = hn::Mul(hn::Sub(hn::Sub(hn::LoadU(d, x + at), mean), off), factor);
      hn::StoreU(value, d, normalized + at);
      hn::StoreU(hn::MulAdd(hn::Set(d, gamma[i]), value, hn::Set(d, beta[i])), d, out + at);
    }
  }
}

template <typename T>
void NormalizeColumnsBackwardOf(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,
                                const T* gamma, bool accumulate, T* gradient, T* dgamma, T* dbeta) {
  for (size_t i = 0; i < units; i++) {
    const T by_gamma = static_cast<T>(SumOfProducts(m, gradient + i * ld, normalized + i * ld));
    const T by_beta = static_cast<T>(SumOfRow(m, gradient + i * ld));
    dgamma[i] = accumulate ? dgamma[i] + by_gamma : by_gamma;
    dbeta[i] = accumulate ? dbeta[i] + by_beta : by_beta;
  }
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  const auto count = hn::Set(d, static_cast<T>(units));
  for (size_t j = 0; j < m; j += step) {
    auto sum = hn::Zero(d), products = hn::Zero(d);
    for (size_t i = 0; i < units; i++) {
      const size_t at = i * ld + j;
      const auto a = hn::Mul(hn::LoadU(d, gradient + at), hn::Set(d, gamma[i]));
      sum = hn::Add(sum, a);
      products = hn::MulAdd(a, hn::LoadU(d, normalized + at), products);
    }
    const auto mean = hn::Div(sum, count), mean_product = hn::Div(products, count);
    const auto factor = hn::LoadU(d, inverse + j);
    for (size_t i = 0; i < units; i++) {
      const size_t at = i * ld + j;
      const auto a = hn::MulSub(hn::LoadU(d, gradient + at), hn::Set(d, gamma[i]), mean);
      const auto rest = hn::NegMulAdd(hn::LoadU(d, normalized + at), mean_product, a);
      hn::StoreU(hn::Mul(rest, factor), d, gradient + at);
    }
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                           \
  void RowMoments##suffix(size_t units, size_t m, size_t ld, const T* x, T* mean, T* rest, T* variance) {   \
    RowMomentsOf(units, m, ld, x, mean, rest, variance);                                                    \
  }                                                                                                         \
  void NormalizeRows##suffix(size_t units, size_t m, size_t ld, const T* x, const T* mean, const T* rest,   \
                             const T* inverse, const T* gamma, const T* beta, T* normalized, T* out) {      \
    NormalizeRowsOf(units, m, ld, x, mean, rest, inverse, gamma, beta, normalized, out);                    \
  }                                                                                                         \
  void RowGradients##suffix(size_t units, size_t m, size_t ld, const T* d, const T* normalized,             \
                            double* by_gamma, double* by_beta) {                                            \
    RowGradientsOf(units, m, ld, d, normalized, by_gamma, by_beta);                                         \
  }                                                                                                         \
  void NormalizeRowsBackward##suffix(size_t units, size_t m, size_t ld, const T* normalized,                \
                                     const T* inverse, const T* gamma, const T* mean_gamma,                 \
                                     const T* mean_beta, T* d) {                                            \
    NormalizeRowsBackwardOf(units, m, ld, normalized, inverse, gamma, mean_gamma, mean_beta, d);            \
  }                                                                                                         \
  void NormalizeColumns##suffix(size_t units, size_t m, size_t ld, const T* x, T epsilon, const T* gamma,   \
                                const T* beta, T* normalized, T* inverse, T* out) {                         \
    NormalizeColumnsOf(units, m, ld, x, epsilon, gamma, beta, normalized, inverse, out);                    \
  }                                                                                                         \
  void NormalizeColumnsBackward##suffix(size_t units, size_t m, size_t ld, const T* normalized,             \
                                        const T* inverse, const T* gamma, bool accumulate, T* d, T* dgamma, \
                                        T* dbeta) {                                                         \
    NormalizeColumnsBackwardOf(units, m, ld, normalized, inverse, gamma, accumulate, d, dgamma, dbeta);     \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(RowMomentsF64);
HWY_EXPORT(RowMomentsF32);
HWY_EXPORT(NormalizeRowsF64);
HWY_EXPORT(NormalizeRowsF32);
HWY_EXPORT(RowGradientsF64);
HWY_EXPORT(RowGradientsF32);
HWY_EXPORT(NormalizeRowsBackwardF64);
HWY_EXPORT(NormalizeRowsBackwardF32);
HWY_EXPORT(NormalizeColumnsF64);
HWY_EXPORT(NormalizeColumnsF32);
HWY_EXPORT(NormalizeColumnsBackwardF64);
HWY_EXPORT(NormalizeColumnsBackwardF32);

#define BLASNET_DISPATCH(T, suffix)                                                                       \
  template <>                                                                                             \
  void RowMoments(size_t units, size_t m, size_t ld, const T* x, T* mean, T* rest, T* variance) {         \
    HWY_DYNAMIC_DISPATCH(RowMoments##suffix)(units, m, ld, x, mean, rest, variance);                      \
  }                                                                                                       \
  template <>                                                                                             \
  void InverseDeviations(size_t units, const T* variance, T epsilon, T* inverse) {                        \
    for (size_t i = 0; i < units; i++) inverse[i] = T{1} / std::sqrt(variance[i] + epsilon);              \
  }                                                                                                       \
  template <>                                                                                             \
  void NormalizeRows(size_t units, size_t m, size_t ld, const T* x, const T* mean, const T* rest,         \
                     const T* inverse, const T* gamma, const T* beta, T* normalized, T* out) {            \
    HWY_DYNAMIC_DISPATCH(NormalizeRows##suffix)                                                           \
    (units, m, ld, x, mean, rest, inverse, gamma, beta, normalized, out);                                 \
  }                                                                                                       \
  template <>                                                                                             \
  void RowGradients(size_t units, size_t m, size_t ld, const T* d, const T* normalized, double* by_gamma, \
                    double* by_beta) {                                                                    \
    HWY_DYNAMIC_DISPATCH(RowGradients##suffix)(units, m, ld, d, normalized, by_gamma, by_beta);           \
  }                                                                                                       \
  template <>                                                                                             \
  void NormalizeRowsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse,    \
                             const T* gamma, const T* mean_gamma, const T* mean_beta, T* d) {             \
    HWY_DYNAMIC_DISPATCH(NormalizeRowsBackward##suffix)                                                   \
    (units, m, ld, normalized, inverse, gamma, mean_gamma, mean_beta, d);                                 \
  }                                                                                                       \
  template <>                                                                                             \
  void NormalizeColumns(size_t units, size_t m, size_t ld, const T* x, T epsilon, const T* gamma,         \
                        const T* beta, T* normalized, T* inverse, T* out) {                               \
    HWY_DYNAMIC_DISPATCH(NormalizeColumns##suffix)                                                        \
    (units, m, ld, x, epsilon, gamma, beta, normalized, inverse, out);                                    \
  }                                                                                                       \
  template <>                                                                                             \
  void NormalizeColumnsBackward(size_t units, size_t m, size_t ld, const T* normalized, const T* inverse, \
                                const T* gamma, bool accumulate, T* d, T* dgamma, T* dbeta) {             \
    HWY_DYNAMIC_DISPATCH(NormalizeColumnsBackward##suffix)                                                \
    (units, m, ld, normalized, inverse, gamma, accumulate, d, dgamma, dbeta);                             \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
