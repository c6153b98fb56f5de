// The ways to hash, one by one: the library chooses the best of the processor.
#include "kernels/sha256.h"

#include <string>

#include "addon.h"
#include "binding/args.h"

namespace blasnet {
namespace {

// sha256Blocks(way, words (8), bytes (a multiple of 64))
void HashBlocksCall(const Napi::CallbackInfo& info) {
  const Args args(info);
  const auto way = args[0].Enum(Sha256Way::kArm);
  if (!HasSha256Way(way)) throw args[0].Wrong("a way of this processor");
  uint32_t* words = args[1].Array<uint32_t>(8);
  const size_t size = args[2].Length();
  const uint8_t* data = args[2].Array<uint8_t>(size);
  if (size % Sha256::kBlock != 0) throw args[2].Wrong("whole blocks");
  HashBlocks(way, words, data, size / Sha256::kBlock);
}

}  // namespace

void ExportTestSha256(Napi::Env env, Napi::Object exports) {
  exports.Set("sha256Blocks", Napi::Function::New(env, HashBlocksCall, "sha256Blocks"));
  Napi::Object ways = Napi::Object::New(env);
  for (uint32_t way = 0; way <= static_cast<uint32_t>(Sha256Way::kArm); way++) {
    if (HasSha256Way(static_cast<Sha256Way>(way))) ways.Set(kSha256WayNames[way], way);
  }
  exports.Set("sha256Ways", ways);
}

}  // namespace blasnet
