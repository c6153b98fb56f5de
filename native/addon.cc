#include <napi.h>

#include <memory>

#include "binding/exports.h"
#include "binding/workspaces.h"

namespace {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  // Objects share it, since they may outlive the environment's data.
  env.SetInstanceData(new std::shared_ptr<blasnet::Workspaces>(std::make_shared<blasnet::Workspaces>()));
  blasnet::ExportMath(env, exports);
  blasnet::ExportKernels(env, exports);
  blasnet::ExportMetrics(env, exports);
  blasnet::ExportPlan(env, exports);
  blasnet::ExportPreprocessing(env, exports);
  blasnet::ExportGenerator(env, exports);
  blasnet::ExportRows(env, exports);
  blasnet::ExportTables(env, exports);
  blasnet::ExportTableColumns(env, exports);
  blasnet::ExportArrays(env, exports);
  blasnet::ExportMappedFile(env, exports);
  blasnet::ExportVersions(env, exports);
  blasnet::ExportRankGroup(env, exports);
  blasnet::ExportInfo(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(blasnet, Init)
