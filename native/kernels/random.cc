#include "kernels/random.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/random.cc"
#include "hwy/foreach_target.h"  // before highway.h
#include "kernels/functions-inl.h"
#include "kernels/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace blasnet {
namespace HWY_NAMESPACE {

// Numbers that are generated at a time.
constexpr size_t kBatch = 256;

template <int bits, class D, class V>
HWY_INLINE void Round(D, V& low, V& high) {
  low = hn::Add(low, high);
  high = hn::Xor(hn::Or(hn::ShiftLeft<bits>(high), hn::ShiftRight<32 - bits>(high)), low);
}

// Four rounds, then the injection of the key. `odd`: uses the second half of the rotations.
template <bool odd, class D, class V>
HWY_INLINE void FourRounds(D d, V& low, V& high, uint32_t key_low, uint32_t key_high) {
  Round<odd ? 17 : 13>(d, low, high);
  Round<odd ? 29 : 15>(d, low, high);
  Round<odd ? 16 : 26>(d, low, high);
  Round<odd ? 24 : 6>(d, low, high);
  low = hn::Add(low, hn::Set(d, key_low));
  high = hn::Add(high, hn::Set(d, key_high));
}

template <class D, class V>
HWY_INLINE void ThreefryVectors(D d, RandomKey key, V& low, V& high) {
  const uint32_t parity = 0x1BD11BDA ^ key.low ^ key.high;
  low = hn::Add(low, hn::Set(d, key.low));
  high = hn::Add(high, hn::Set(d, key.high));
  FourRounds<false>(d, low, high, key.high, parity + 1);
  FourRounds<true>(d, low, high, parity, key.low + 2);
  FourRounds<false>(d, low, high, key.low, key.high + 3);
  FourRounds<true>(d, low, high, key.high, parity + 4);
  FourRounds<false>(d, low, high, parity, key.low + 5);
}

// low[i], high[i] = the block of counter (first + i, row), for `size` rounded up to whole vectors.
void Blocks(RandomKey key, uint32_t row, uint32_t first, size_t size, uint32_t* low, uint32_t* high) {
  const Lanes<uint32_t> d;
  const size_t step = hn::Lanes(d);
  for (size_t i = 0; i < size; i += step) {
    auto a = hn::Iota(d, first + static_cast<uint32_t>(i));
    auto b = hn::Set(d, row);
    ThreefryVectors(d, key, a, b);
    hn::Store(a, d, low + i);
    hn::Store(b, d, high + i);
  }
}

// Room for Blocks to write kBatch / 2 words and the rest of its last vector.
struct Words {
  HWY_ALIGN uint32_t low[kBatch / 2 + HWY_MAX_BYTES / 4];
  HWY_ALIGN uint32_t high[kBatch / 2 + HWY_MAX_BYTES / 4];
};

template <typename T>
void DropoutMaskOf(RandomKey key, uint32_t row, size_t first, size_t size, double rate, T scale, T* out) {
  const double threshold = rate * 4294967296.0 + 0.5;
  const uint32_t least = threshold >= 4294967295.0 ? 4294967295U : static_cast<uint32_t>(threshold);
  Words words;
  for (size_t at = 0; at < size; at += kBatch) {
    const size_t count = std::min(kBatch, size - at), pairs = (count + 1) / 2;
    Blocks(key, row, static_cast<uint32_t>((first + at) / 2), pairs, words.low, words.high);
    T* mask = out + at;
    for (size_t i = 0; i < count / 2; i++) {
      mask[2 * i] = words.low[i] < least ? T{0} : scale;
      mask[2 * i + 1] = words.high[i] < least ? T{0} : scale;
    }
    if (count % 2 == 1) mask[count - 1] = words.low[pairs - 1] < least ? T{0} : scale;
  }
}

template <typename T>
void ApplyMaskOf(size_t size, const T* mask, const T* in, T* out) {
  Map(mask, in, size, out, [](auto, auto a, auto b) { return hn::Mul(a, b); });
}

template <typename T>
void AddNoiseOf(RandomKey key, uint32_t row, size_t first, size_t size, T deviation, const T* in, T* out) {
  const Lanes<T> d;
  const size_t step = hn::Lanes(d);
  constexpr size_t kSlack = HWY_MAX_BYTES / sizeof(T);
  constexpr T kUnit = T{1} / T{4294967296.0};
  constexpr T kTurn = static_cast<T>(6.283185307179586);
  Words words;
  HWY_ALIGN T radius[kBatch / 2 + kSlack], angle[kBatch / 2 + kSlack];
  for (size_t at = 0; at < size; at += kBatch) {
    const size_t count = std::min(kBatch, size - at), pairs = (count + 1) / 2;
    Blocks(key, row, static_cast<uint32_t>((first + at) / 2), pairs, words.low, words.high);
    for (size_t i = 0; i < pairs; i++) {
      // Must be above 0 for the logarithm.
      radius[i] = (static_cast<T>(words.low[i]) + T{0.5}) * kUnit;
      angle[i] = static_cast<T>(words.high[i]) * kUnit * kTurn;
    }
    std::fill_n(radius + pairs, step, T{1});
    std::fill_n(angle + pairs, step, T{0});
    for (size_t i = 0; i < pairs; i += step) {
      // In float, a uniform number may round to 1, whose logarithm is 0, but never above 1.
      const auto log = hn::Log(d, hn::Load(d, radius + i));
      const auto r = hn::Mul(hn::Sqrt(hn::Mul(hn::Set(d, T{-2}), log)), hn::Set(d, deviation));
      const auto turn = hn::Load(d, angle + i);
      hn::Store(hn::Mul(r, hn::Cos(d, turn)), d, radius + i);
      hn::Store(hn::Mul(r, hn::Sin(d, turn)), d, angle + i);
    }
    for (size_t i = 0; i < count / 2; i++) {
      out[at + 2 * i] = in[at + 2 * i] + radius[i];
      out[at + 2 * i + 1] = in[at + 2 * i + 1] + angle[i];
    }
    if (count % 2 == 1) out[at + count - 1] = in[at + count - 1] + radius[pairs - 1];
  }
}

#define BLASNET_DEFINE(T, suffix)                                                                         \
  void DropoutMask##suffix(RandomKey key, uint32_t row, size_t first, size_t size, double rate, T scale,  \
                           T* out) {                                                                      \
    DropoutMaskOf(key, row, first, size, rate, scale, out);                                               \
  }                                                                                                       \
  void ApplyMask##suffix(size_t size, const T* mask, const T* in, T* out) {                               \
    ApplyMaskOf(size, mask, in, out);                                                                     \
  }                                                                                                       \
  void AddNoise##suffix(RandomKey key, uint32_t row, size_t first, size_t size, T deviation, const T* in, \
                        T* out) {                                                                         \
    AddNoiseOf(key, row, first, size, deviation, in, out);                                                \
  }
BLASNET_DEFINE(double, F64)
BLASNET_DEFINE(float, F32)
#undef BLASNET_DEFINE

}  // namespace HWY_NAMESPACE
}  // namespace blasnet
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace blasnet {

HWY_EXPORT(DropoutMaskF64);
HWY_EXPORT(DropoutMaskF32);
HWY_EXPORT(ApplyMaskF64);
HWY_EXPORT(ApplyMaskF32);
HWY_EXPORT(AddNoiseF64);
HWY_EXPORT(AddNoiseF32);

#define BLASNET_DISPATCH(T, suffix)                                                                         \
  template <>                                                                                               \
  void DropoutMask(RandomKey key, uint32_t row, size_t first, size_t size, double rate, T scale, T* out) {  \
    HWY_DYNAMIC_DISPATCH(DropoutMask##suffix)(key, row, first, size, rate, scale, out);                     \
  }                                                                                                         \
  template <>                                                                                               \
  void ApplyMask(size_t size, const T* mask, const T* in, T* out) {                                         \
    HWY_DYNAMIC_DISPATCH(ApplyMask##suffix)(size, mask, in, out);                                           \
  }                                                                                                         \
  template <>                                                                                               \
  void AddNoise(RandomKey key, uint32_t row, size_t first, size_t size, T deviation, const T* in, T* out) { \
    HWY_DYNAMIC_DISPATCH(AddNoise##suffix)(key, row, first, size, deviation, in, out);                      \
  }
BLASNET_DISPATCH(double, F64)
BLASNET_DISPATCH(float, F32)
#undef BLASNET_DISPATCH

RandomKey Threefry(RandomKey key, uint32_t counter_low, uint32_t counter_high) {
  constexpr int kRotations[] = {13, 15, 26, 6, 17, 29, 16, 24};
  const uint32_t keys[] = {key.low, key.high, 0x1BD11BDA ^ key.low ^ key.high};
  uint32_t low = counter_low + keys[0], high = counter_high + keys[1];
  for (uint32_t round = 0; round < 20; round++) {
    low += high;
    const int bits = kRotations[round % 8];
    high = (high << bits | high >> (32 - bits)) ^ low;
    if (round % 4 == 3) {
      const uint32_t injection = round / 4 + 1;
      low += keys[injection % 3];
      high += keys[(injection + 1) % 3] + injection;
    }
  }
  return {low, high};
}

RandomKey SubKey(RandomKey key, uint64_t time, uint32_t place) {
  const RandomKey moment = Threefry(key, static_cast<uint32_t>(time), static_cast<uint32_t>(time >> 32));
  return Threefry(moment, place, 0);
}

}  // namespace blasnet
#endif  // HWY_ONCE
