// The addon of the tests: the kernels that the addon of the library has inside and does not show.
#pragma once

#include <napi.h>

namespace blasnet {

void ExportTestKernels(Napi::Env env, Napi::Object exports);
void ExportTestLayerKernels(Napi::Env env, Napi::Object exports);

}  // namespace blasnet
