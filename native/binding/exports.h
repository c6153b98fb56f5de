// Each file of the binding adds its functions to the addon's exports object.
#pragma once

#include <napi.h>

namespace blasnet {

void ExportMath(Napi::Env env, Napi::Object exports);
void ExportKernels(Napi::Env env, Napi::Object exports);
void ExportMetrics(Napi::Env env, Napi::Object exports);
void ExportPlan(Napi::Env env, Napi::Object exports);
void ExportPreprocessing(Napi::Env env, Napi::Object exports);
void ExportGenerator(Napi::Env env, Napi::Object exports);
void ExportRows(Napi::Env env, Napi::Object exports);
void ExportTables(Napi::Env env, Napi::Object exports);
void ExportTableColumns(Napi::Env env, Napi::Object exports);
void ExportMappedFile(Napi::Env env, Napi::Object exports);
void ExportVersions(Napi::Env env, Napi::Object exports);
void ExportRankGroup(Napi::Env env, Napi::Object exports);
void ExportArrays(Napi::Env env, Napi::Object exports);
void ExportInfo(Napi::Env env, Napi::Object exports);

}  // namespace blasnet
