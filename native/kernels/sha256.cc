#include "kernels/sha256.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) || defined(_M_X64)
#define BLASNET_SHA_X86
#include <immintrin.h>
#ifdef _MSC_VER
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#elif (defined(__aarch64__) && defined(__AARCH64EL__)) || defined(_M_ARM64)
#define BLASNET_SHA_ARM
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(_WIN32)
#include <windows.h>
#endif
#endif

// A function with these instructions may be compiled for processors without them. MSVC needs no mark.
#if defined(BLASNET_SHA_X86) && !defined(_MSC_VER)
#define BLASNET_SHA_TARGET __attribute__((target("sha,sse4.1")))
#elif defined(BLASNET_SHA_ARM) && defined(__clang__)
#define BLASNET_SHA_TARGET __attribute__((target("sha2")))
#elif defined(BLASNET_SHA_ARM) && defined(__GNUC__)
#define BLASNET_SHA_TARGET __attribute__((target("+crypto")))
#else
#define BLASNET_SHA_TARGET
#endif

namespace blasnet {
namespace {

constexpr uint32_t kStart[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t Rotated(uint32_t x, int bits) { return (x >> bits) | (x << (32 - bits)); }

uint32_t BigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
}

void PutBigEndian(uint32_t word, uint8_t* bytes) {
  for (int i = 0; i < 4; i++) bytes[i] = static_cast<uint8_t>(word >> (24 - 8 * i));
}

void HashPortably(uint32_t* words, const uint8_t* data, size_t blocks) {
  for (; blocks > 0; blocks--, data += Sha256::kBlock) {
    uint32_t w[64];
    for (size_t i = 0; i < 16; i++) w[i] = BigEndian(data + 4 * i);
    for (size_t i = 16; i < 64; i++) {
      const uint32_t s0 = Rotated(w[i - 15], 7) ^ Rotated(w[i - 15], 18) ^ (w[i - 15] >> 3);
      const uint32_t s1 = Rotated(w[i - 2], 17) ^ Rotated(w[i - 2], 19) ^ (w[i - 2] >> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
    uint32_t e = words[4], f = words[5], g = words[6], h = words[7];
    for (size_t i = 0; i < 64; i++) {
      const uint32_t s1 = Rotated(e, 6) ^ Rotated(e, 11) ^ Rotated(e, 25);
      const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
      const uint32_t s0 = Rotated(a, 2) ^ Rotated(a, 13) ^ Rotated(a, 22);
      const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const uint32_t added[8] = {a, b, c, d, e, f, g, h};
    for (size_t i = 0; i < 8; i++) words[i] += added[i];
  }
}

#ifdef BLASNET_SHA_X86

// The instructions keep the state as the words F E B A and H G D C, from the low lane to the high one.
BLASNET_SHA_TARGET void HashOnX86(uint32_t* words, const uint8_t* data, size_t blocks) {
  const __m128i bytes_of_words = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i* state = reinterpret_cast<__m128i*>(words);
  const __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128(state), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(state + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
  for (; blocks > 0; blocks--, data += Sha256::kBlock) {
    const __m128i old_abef = abef, old_cdgh = cdgh;
    // The next 16 words of the schedule, four in each.
    __m128i w[4];
    for (int i = 0; i < 4; i++) {
      w[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + i), bytes_of_words);
    }
    for (int i = 0; i < 16; i++) {
      const __m128i constants = _mm_load_si128(reinterpret_cast<const __m128i*>(kRound) + i);
      const __m128i sum = _mm_add_epi32(w[i & 3], constants);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      // w[i & 3] gets the words that come 16 later.
      const __m128i early = _mm_sha256msg1_epu32(w[i & 3], w[(i + 1) & 3]);
      const __m128i seventh = _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4);
      w[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(early, seventh), w[(i + 3) & 3]);
    }
    abef = _mm_add_epi32(abef, old_abef);
    cdgh = _mm_add_epi32(cdgh, old_cdgh);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(state, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(state + 1, _mm_alignr_epi8(dchg, feba, 8));
}

bool HasInstructions() {
  // Leaf 1: SSSE3 and SSE4.1. Leaf 7: SHA.
  constexpr unsigned kSsse3 = 1u << 9, kSse41 = 1u << 19, kSha = 1u << 29;
#ifdef _MSC_VER
  int registers[4];
  __cpuid(registers, 0);
  if (registers[0] < 7) return false;
  __cpuid(registers, 1);
  const unsigned first = static_cast<unsigned>(registers[2]);
  __cpuidex(registers, 7, 0);
  const unsigned seventh = static_cast<unsigned>(registers[1]);
#else
  unsigned a = 0, seventh = 0, first = 0, d = 0, unused = 0;
  if (__get_cpuid(1, &a, &unused, &first, &d) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &seventh, &unused, &d) == 0) return false;
#endif
  return (first & kSsse3) != 0 && (first & kSse41) != 0 && (seventh & kSha) != 0;
}

#endif

#ifdef BLASNET_SHA_ARM

BLASNET_SHA_TARGET void HashOnArm(uint32_t* words, const uint8_t* data, size_t blocks) {
  uint32x4_t abcd = vld1q_u32(words), efgh = vld1q_u32(words + 4);
  for (; blocks > 0; blocks--, data += Sha256::kBlock) {
    const uint32x4_t old_abcd = abcd, old_efgh = efgh;
    // The next 16 words of the schedule, four in each.
    uint32x4_t w[4];
    for (int i = 0; i < 4; i++) w[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data + 16 * i)));
    for (int i = 0; i < 16; i++) {
      const uint32x4_t sum = vaddq_u32(w[i & 3], vld1q_u32(kRound + 4 * i));
      const uint32x4_t before = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, before, sum);
      // w[i & 3] gets the words that come 16 later.
      w[i & 3] = vsha256su1q_u32(vsha256su0q_u32(w[i & 3], w[(i + 1) & 3]), w[(i + 2) & 3], w[(i + 3) & 3]);
    }
    abcd = vaddq_u32(abcd, old_abcd);
    efgh = vaddq_u32(efgh, old_efgh);
  }
  vst1q_u32(words, abcd);
  vst1q_u32(words + 4, efgh);
}

bool HasInstructions() {
#if defined(__APPLE__)
  return true;
#elif defined(__linux__)
  constexpr unsigned long kSha2 = 1ul << 6;  // HWCAP_SHA2
  return (getauxval(AT_HWCAP) & kSha2) != 0;
#elif defined(_WIN32)
  return IsProcessorFeaturePresent(PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE) != 0;
#else
  return false;
#endif
}

#endif

Sha256Way BestWay() {
  static const Sha256Way best = HasSha256Way(Sha256Way::kX86)   ? Sha256Way::kX86
                                : HasSha256Way(Sha256Way::kArm) ? Sha256Way::kArm
                                                                : Sha256Way::kPortable;
  return best;
}

}  // namespace

bool HasSha256Way(Sha256Way way) {
  switch (way) {
#ifdef BLASNET_SHA_X86
    case Sha256Way::kX86:
      return HasInstructions();
#endif
#ifdef BLASNET_SHA_ARM
    case Sha256Way::kArm:
      return HasInstructions();
#endif
    default:
      return way == Sha256Way::kPortable;
  }
}

void HashBlocks(Sha256Way way, uint32_t* words, const uint8_t* data, size_t blocks) {
  switch (way) {
#ifdef BLASNET_SHA_X86
    case Sha256Way::kX86:
      return HashOnX86(words, data, blocks);
#endif
#ifdef BLASNET_SHA_ARM
    case Sha256Way::kArm:
      return HashOnArm(words, data, blocks);
#endif
    default:
      return HashPortably(words, data, blocks);
  }
}

void Sha256::Begin() {
  std::copy_n(kStart, 8, words);
  length = 0;
}

void Sha256::Add(const uint8_t* data, size_t size) {
  if (size == 0) return;
  const size_t begun = length % kBlock;
  length += size;
  if (begun > 0) {
    const size_t taken = std::min(size, kBlock - begun);
    std::memcpy(block + begun, data, taken);
    if (begun + taken < kBlock) return;
    HashBlocks(BestWay(), words, block, 1);
    data += taken, size -= taken;
  }
  HashBlocks(BestWay(), words, data, size / kBlock);
  const size_t rest = size % kBlock;
  if (rest > 0) std::memcpy(block, data + size - rest, rest);
}

void Sha256::End(uint8_t* digest) {
  // A bit 1, zeros, and the number of bits, up to the end of a block.
  uint8_t padding[2 * kBlock] = {0x80};
  const size_t begun = length % kBlock;
  const size_t zeros = (begun < 56 ? 56 : 120) - begun;
  PutBigEndian(static_cast<uint32_t>(length >> 29), padding + zeros);
  PutBigEndian(static_cast<uint32_t>(length << 3), padding + zeros + 4);
  Add(padding, zeros + 8);
  for (size_t i = 0; i < 8; i++) PutBigEndian(words[i], digest + 4 * i);
}

}  // namespace blasnet
