// The tests' addon: exports kernels that the library's addon contains but does not export.
#pragma once

#include <napi.h>

namespace blasnet {

void ExportTestKernels(Napi::Env env, Napi::Object exports);
void ExportTestLayerKernels(Napi::Env env, Napi::Object exports);
void ExportTestSha256(Napi::Env env, Napi::Object exports);

}  // namespace blasnet
