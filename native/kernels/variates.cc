#include "kernels/variates.h"

#include <cmath>
#include <limits>

#include "kernels/c_library.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/variates.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Doubles, and words in vectors with as many lanes.
using Doubles = Lanes<double>;
using Words = hn::Rebind<uint32_t, Doubles>;
using DoublesVector = hn::Vec<Doubles>;
using WordsVector = hn::Vec<Words>;

constexpr size_t kMostLanes = HWY_MAX_BYTES / sizeof(double);
// Candidates that are processed at a time: their numbers stay in the first-level cache.
constexpr size_t kBlock = 256;

HWY_INLINE WordsVector Tempered(WordsVector word) {
  const Words d;
  word = hn::Xor(word, hn::ShiftRight<11>(word));
  word = hn::Xor(word, hn::And(hn::ShiftLeft<7>(word), hn::Set(d, 0x9d2c5680U)));
  word = hn::Xor(word, hn::And(hn::ShiftLeft<15>(word), hn::Set(d, 0xefc60000U)));
  return hn::Xor(word, hn::ShiftRight<18>(word));
}

// In [0, 1): the 27 high bits of one word and the 26 high bits of the next. No step rounds.
HWY_INLINE DoublesVector UnitNumbers(WordsVector first, WordsVector second) {
  const Doubles d;
  const hn::Rebind<int32_t, Doubles> integers;
  const auto high = hn::PromoteTo(d, hn::BitCast(integers, hn::ShiftRight<5>(Tempered(first))));
  const auto low = hn::PromoteTo(d, hn::BitCast(integers, hn::ShiftRight<6>(Tempered(second))));
  return hn::Mul(hn::Add(hn::Mul(high, hn::Set(d, 0x1p26)), low), hn::Set(d, 0x1p-53));
}

// Calls body(words, i, count) for groups of `count` numbers of `size`, with the words of a whole vector.
// Zeros follow the last words.
template <size_t each, class F>
HWY_INLINE void InVectors(const uint32_t* words, size_t size, const F& body) {
  const size_t step = hn::Lanes(Doubles());
  size_t i = 0;
  for (; i + step <= size; i += step) body(words + each * i, i, step);
  if (i == size) return;
  uint32_t rest[each * kMostLanes] = {};
  std::copy_n(words + each * i, each * (size - i), rest);
  body(rest, i, size - i);
}

template <typename T>
void UniformsOf(const uint32_t* words, double low, double range, size_t size, T* out) {
  const Doubles d;
  HWY_ALIGN double numbers[kMostLanes];
  InVectors<kUniformWords>(words, size, [&](const uint32_t* from, size_t i, size_t count) {
    WordsVector first, second;
    hn::LoadInterleaved2(Words(), from, first, second);
    const auto scaled = hn::Mul(hn::Set(d, range), UnitNumbers(first, second));
    hn::Store(hn::Add(hn::Set(d, low), scaled), d, numbers);
    for (size_t k = 0; k < count; k++) out[i + k] = static_cast<T>(numbers[k]);
  });
}

// The points of candidates, in [-1, 1) x [-1, 1), and the squares of their radii.
struct Points {
  HWY_ALIGN double x1[kBlock + kMostLanes];
  HWY_ALIGN double x2[kBlock + kMostLanes];
  HWY_ALIGN double r2[kBlock + kMostLanes];
};

// Keeps the points inside the circle, except its centre. Returns their number.
HWY_INLINE size_t PointsInCircle(const uint32_t* words, size_t candidates, Points* points) {
  const Doubles d;
  const auto one = hn::Set(d, 1.0);
  InVectors<kCandidateWords>(words, candidates, [&](const uint32_t* from, size_t i, size_t) {
    WordsVector a, b, c, e;
    hn::LoadInterleaved4(Words(), from, a, b, c, e);
    const auto u1 = UnitNumbers(a, b), u2 = UnitNumbers(c, e);
    const auto x1 = hn::Sub(hn::Add(u1, u1), one), x2 = hn::Sub(hn::Add(u2, u2), one);
    hn::Store(x1, d, points->x1 + i);
    hn::Store(x2, d, points->x2 + i);
    hn::Store(hn::Add(hn::Mul(x1, x1), hn::Mul(x2, x2)), d, points->r2 + i);
  });
  // No branch depends on a random number. (Highway's Compress is slower for vectors of eight doubles.)
  size_t count = 0;
  for (size_t i = 0; i < candidates; i++) {
    const double r2 = points->r2[i];
    points->x1[count] = points->x1[i];
    points->x2[count] = points->x2[i];
    points->r2[count] = r2;
    count += static_cast<size_t>(r2 < 1) & static_cast<size_t>(r2 > 0);
  }
  return count;
}

// normals (2 * kBlock + 2 * kMostLanes): the pairs of `count` points. Changes r2 of the points.
HWY_INLINE void PairsOf(size_t count, Points* points, double* normals) {
  const Doubles d;
  HWY_ALIGN double logs[kBlock + kMostLanes];
  for (size_t i = 0; i < count; i++) logs[i] = c_library::Log(points->r2[i]);
  const size_t step = hn::Lanes(d);
  for (size_t i = count; i < count + step; i++) logs[i] = points->r2[i] = points->x1[i] = points->x2[i] = 1;
  for (size_t i = 0; i < count; i += step) {
    const auto log = hn::Load(d, logs + i), r2 = hn::Load(d, points->r2 + i);
    const auto f = hn::Sqrt(hn::Div(hn::Mul(hn::Set(d, -2.0), log), r2));
    const auto first = hn::Mul(f, hn::Load(d, points->x2 + i));
    const auto second = hn::Mul(f, hn::Load(d, points->x1 + i));
    hn::StoreInterleaved2(first, second, d, normals + 2 * i);
  }
}

template <typename T>
DrawnNormals NormalsOf(const uint32_t* words, size_t candidates, const NormalOptions& options, T* out) {
  const auto [mean, deviation, limit] = options;
  Points points;
  HWY_ALIGN double normals[2 * kBlock + 2 * kMostLanes];
  DrawnNormals drawn{0, std::numeric_limits<double>::quiet_NaN()};
  for (size_t first = 0; first < candidates; first += kBlock) {
    const size_t part = std::min(kBlock, candidates - first);
    const size_t pairs = PointsInCircle(words + kCandidateWords * first, part, &points);
    if (pairs == 0) continue;
    PairsOf(pairs, &points, normals);
    drawn.second = normals[2 * pairs - 1];
    T* numbers = out + drawn.count;
    if (limit == std::numeric_limits<double>::infinity()) {
      for (size_t i = 0; i < 2 * pairs; i++) numbers[i] = static_cast<T>(mean + deviation * normals[i]);
      drawn.count += 2 * pairs;
    } else {
      size_t count = 0;
      for (size_t i = 0; i < 2 * pairs; i++) {
        numbers[count] = static_cast<T>(mean + deviation * normals[i]);
        count += std::abs(normals[i]) <= limit ? size_t{1} : 0;
      }
      drawn.count += count;
    }
  }
  return drawn;
}

#define BLASNET_DEFINE(T, suffix)                                                                      \
  void Uniforms##suffix(const uint32_t* words, double low, double range, size_t size, T* out) {        \
    UniformsOf(words, low, range, size, out);                                                          \
  }                                                                                                    \
  DrawnNormals Normals##suffix(const uint32_t* words, size_t candidates, const NormalOptions& options, \
                               T* out) {                                                               \
    return NormalsOf(words, candidates, options, out);                                                 \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(UniformsF64);
HWY_EXPORT(UniformsF32);
HWY_EXPORT(NormalsF64);
HWY_EXPORT(NormalsF32);

#define BLASNET_DISPATCH(T, suffix)                                                                      \
  template <>                                                                                            \
  void Uniforms(const uint32_t* words, double low, double range, size_t size, T* out) {                  \
    HWY_DYNAMIC_DISPATCH(Uniforms##suffix)(words, low, range, size, out);                                \
  }                                                                                                      \
  template <>                                                                                            \
  DrawnNormals Normals(const uint32_t* words, size_t candidates, const NormalOptions& options, T* out) { \
    return HWY_DYNAMIC_DISPATCH(Normals##suffix)(words, candidates, options, out);                       \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

}  // namespace blasnet
#endif  // HWY_ONCE
