// SHA-256 (FIPS 180-4), with the processor's own instructions if it has them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// The state of a hash of `length` bytes: the words, and the bytes of the last, unfinished block.
struct Sha256 {
  static constexpr size_t kBlock = 64;   // bytes
  static constexpr size_t kDigest = 32;  // bytes

  uint32_t words[8];
  uint8_t block[kBlock];
  uint64_t length;

  void Begin();
  void Add(const uint8_t* data, size_t size);
  // Afterwards the state is of no use.
  void End(uint8_t* digest);
};

// Ways to hash whole blocks.
enum class Sha256Way : int32_t {
  kPortable,
  kX86,  // the SHA extensions
  kArm,  // the SHA2 extension of ARMv8
};
inline constexpr const char* kSha256WayNames[] = {"portable", "x86", "arm"};

// Whether this build has the way, and this processor its instructions.
bool HasSha256Way(Sha256Way way);

// Hashes whole blocks of `data` (blocks x kBlock) into `words` (8).
void HashBlocks(Sha256Way way, uint32_t* words, const uint8_t* data, size_t blocks);

}  // namespace blasnet
