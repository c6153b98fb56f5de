#include "addon.h"

#include <cstdlib>
#include <string>

#include "hwy/highway.h"

namespace {

// A processor runs the kernels for the best instruction set that it has. With the name of another one in the
// environment, the tests reach that set's kernels. Of two sets, Highway gives the better one the smaller bit.
void ExportTargets(Napi::Env env, Napi::Object exports) {
  const char* chosen = std::getenv("BLASNET_TEST_TARGET");
  Napi::Array names = Napi::Array::New(env);
  for (int64_t left = HWY_TARGETS & hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const int64_t target = left & -left;
    const std::string name = hwy::TargetName(target);
    names.Set(names.Length(), name);
    if (chosen != nullptr && name == chosen) hwy::DisableTargets(target - 1);
  }
  exports.Set("targets", names);
  const int64_t used = HWY_TARGETS & hwy::SupportedTargets();
  // SupportedTargets chooses among all that the processor has, also among those that are disabled.
  hwy::GetChosenTarget().Update(used);
  exports.Set("target", hwy::TargetName(used & -used));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  ExportTargets(env, exports);
  blasnet::ExportTestKernels(env, exports);
  blasnet::ExportTestWideKernels(env, exports);
  blasnet::ExportTestLayerKernels(env, exports);
  blasnet::ExportTestMemory(env, exports);
  blasnet::ExportTestSha256(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(blasnet_test, Init)
