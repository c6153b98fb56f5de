// What V8 knows about memory outside its heap.
#include "addon.h"

namespace blasnet {
namespace {

// externalMemory(): the bytes that native code has reported and not taken back.
Napi::Value ExternalMemory(const Napi::CallbackInfo& info) {
  const int64_t bytes = Napi::MemoryManagement::AdjustExternalMemory(info.Env(), 0);
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

}  // namespace

void ExportTestMemory(Napi::Env env, Napi::Object exports) {
  exports.Set("externalMemory", Napi::Function::New(env, ExternalMemory));
}

}  // namespace blasnet
