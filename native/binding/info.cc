// Tells JavaScript the number behind each name, the traits behind it, the fields of records, and how the
// addon was built.
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/failure.h"
#include "binding/records.h"
#include "engine/comparison.h"
#include "engine/optimizer.h"
#include "engine/plan.h"
#include "engine/pool.h"
#include "engine/ranking.h"
#include "kernels/activations.h"
#include "kernels/gemm.h"
#include "kernels/metrics.h"
#include "tables/encoder.h"
#include "tables/text_reader.h"

namespace blasnet {
namespace {

template <size_t size>
Napi::Object Numbered(Napi::Env env, const char* const (&names)[size]) {
  Napi::Object numbers = Napi::Object::New(env);
  for (size_t i = 0; i < size; i++) numbers.Set(names[i], static_cast<uint32_t>(i));
  return numbers;
}

template <class Record>
Napi::Array FieldNames(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env, FieldCount<Record>());
  uint32_t i = 0;
  for (const auto& field : Record::kFields) names.Set(i++, field.name);
  return names;
}

Napi::Object ActivationRows(Napi::Env env) {
  Napi::Object rows = Napi::Object::New(env);
  uint32_t code = 0;
  for (const ActivationTraits& traits : kActivations) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("code", code++);
    row.Set("needsAllUnits", traits.depends_on == DependsOn::kAllUnits);
    rows.Set(traits.name, row);
  }
  return rows;
}

Napi::Object LossRows(Napi::Env env) {
  Napi::Object rows = Napi::Object::New(env);
  uint32_t code = 0;
  for (const LossTraits& traits : kLosses) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("code", code++);
    row.Set("labels", kLabelRuleNames[static_cast<size_t>(traits.labels)]);
    row.Set("accuracy", traits.hits != Hits::kNone);
    rows.Set(traits.name, row);
  }
  return rows;
}

Napi::Object OptimizerRows(Napi::Env env) {
  Napi::Object rows = Napi::Object::New(env);
  ForEachOptimizer([&](size_t code, auto options) {
    Napi::Object row = Napi::Object::New(env);
    row.Set("code", static_cast<uint32_t>(code));
    row.Set("options", FieldNames<decltype(options)>(env));
    rows.Set(decltype(options)::kName, row);
  });
  return rows;
}

Napi::Value SetThreadsOf(const Napi::CallbackInfo& info) {
  SetThreads(Args(info)[0].PositiveSize());
  return info.Env().Undefined();
}

Napi::Value ThreadsOf(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Threads()));
}

}  // namespace

void ExportInfo(Napi::Env env, Napi::Object exports) {
  exports.Set("activations", ActivationRows(env));
  exports.Set("losses", LossRows(env));
  exports.Set("optimizers", OptimizerRows(env));
  exports.Set("normalizations", Numbered(env, kNormalizationNames));
  exports.Set("statuses", Numbered(env, kStatusNames));
  exports.Set("columnKinds", Numbered(env, kColumnKindNames));
  exports.Set("encoderParts", Numbered(env, kPartTypeNames));
  exports.Set("labelRules", Numbered(env, kLabelRuleNames));
  exports.Set("rowValues", Numbered(env, kRowValueNames));
  Napi::Object records = Napi::Object::New(env);
  records.Set("layer", FieldNames<LayerRecord>(env));
  records.Set("embedding", FieldNames<EmbeddingRecord>(env));
  records.Set("numeric", FieldNames<NumericRecord>(env));
  records.Set("factors", FieldNames<FactorsRecord>(env));
  records.Set("lossOptions", FieldNames<LossOptions>(env));
  records.Set("train", FieldNames<TrainRecord>(env));
  records.Set("comparison", FieldNames<ComparisonRecord>(env));
  records.Set("deviation", FieldNames<DeviationRecord>(env));
  records.Set("count", FieldNames<CountRecord>(env));
  records.Set("bin", FieldNames<BinRecord>(env));
  records.Set("ranking", FieldNames<RankingRecord>(env));
  records.Set("outcome", FieldNames<OutcomeRecord>(env));
  exports.Set("records", records);
  exports.Set("setThreads", Napi::Function::New<GuardedCall<SetThreadsOf>>(env, "setThreads"));
  exports.Set("threads", Napi::Function::New<GuardedCall<ThreadsOf>>(env, "threads"));
  exports.Set("buildType", BLASNET_BUILD_TYPE);
  exports.Set("blas", BlasDescription());
  exports.Set("blasCore", BlasCore());
  exports.Set("simd", SimdTarget());
  exports.Set("simdTargets", SimdTargets());
}

}  // namespace blasnet
