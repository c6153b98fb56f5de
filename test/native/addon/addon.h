// The tests' addon: exports what the library's addon contains but does not export.
#pragma once

#include <napi.h>

namespace blasnet {

void ExportTestKernels(Napi::Env env, Napi::Object exports);
void ExportTestWideKernels(Napi::Env env, Napi::Object exports);
void ExportTestLayerKernels(Napi::Env env, Napi::Object exports);
void ExportTestMemory(Napi::Env env, Napi::Object exports);
void ExportTestSha256(Napi::Env env, Napi::Object exports);

}  // namespace blasnet
