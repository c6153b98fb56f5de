#include "addon.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  blasnet::ExportTestKernels(env, exports);
  blasnet::ExportTestWideKernels(env, exports);
  blasnet::ExportTestLayerKernels(env, exports);
  blasnet::ExportTestMemory(env, exports);
  blasnet::ExportTestSha256(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(blasnet_test, Init)
