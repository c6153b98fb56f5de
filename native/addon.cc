#include <napi.h>

#include "binding/exports.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  blasnet::ExportMath(env, exports);
  blasnet::ExportKernels(env, exports);
  blasnet::ExportMetrics(env, exports);
  blasnet::ExportPlan(env, exports);
  blasnet::ExportPreprocessing(env, exports);
  blasnet::ExportGenerator(env, exports);
  blasnet::ExportRows(env, exports);
  blasnet::ExportArrays(env, exports);
  blasnet::ExportInfo(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(blasnet, Init)
