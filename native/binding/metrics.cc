// The Metrics class: an object that compares labels with predictions. Its operations run as operations.h
// says; binding/records.h declares the records, engine/comparison.h and engine/ranking.h explain the results.
//
//   new Metrics({ outcome })
//     outcome  Float64Array (OutcomeRecord) on a SharedArrayBuffer
//   check({ data, rule, classes }, callback?): the outcome is labelOutside, with the index, if a number
//       breaks the rule; `classes` is for the rule kClasses
//   sumRows, sumDeviations, countDecisions, countConfusions, countBins, rankColumns({ numbers, labels,
//       predictions, weights or null, means, results }, callback?)
//     numbers      Float64Array (ComparisonRecord)
//     labels       (rows, cols); or, with `indices`, (rows)
//     predictions  (rows, cols)
//     weights      (rows)
//     means        Float64Array (cols), for sumDeviations only
//     results      Float64Array, written
//   limitThreads(threads, low), stop(), clearStop()
//
// `data`, `labels`, `predictions` and `weights` are typed arrays of any type that NumberType has.
#include <algorithm>
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "binding/records.h"
#include "engine/comparison.h"
#include "engine/ranking.h"

namespace blasnet {
namespace {

constexpr size_t kMostElements = size_t{1} << 40;
constexpr size_t kMostBins = 1 << 16;

class MetricsObject final : public Operations<MetricsObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Metrics",
                       {
                           Method<&MetricsObject::Check>("check"),
                           Method<&MetricsObject::SumValues>("sumRows"),
                           Method<&MetricsObject::SumColumnDeviations>("sumDeviations"),
                           Method<&MetricsObject::CountRows>("countDecisions"),
                           Method<&MetricsObject::Confuse>("countConfusions"),
                           Method<&MetricsObject::Bin>("countBins"),
                           Method<&MetricsObject::Rank>("rankColumns"),
                           Method<&MetricsObject::LimitThreads>("limitThreads"),
                           Method<&MetricsObject::Stop>("stop"),
                           Method<&MetricsObject::ClearStop>("clearStop"),
                       });
  }

  explicit MetricsObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  // What an operation on a comparison computes with.
  struct Request {
    Comparison comparison;
    RowValue value;
    DecisionRule rule;
    const double* means;
    double* results;
  };

  enum class Needs { kNothing, kMeans, kBins };

  // Runs compute(request), whose results have `size(request)` elements.
  template <class Size, class F>
  Napi::Value Compare(const Napi::CallbackInfo& info, const Size& size, const F& compute,
                      Needs needs = Needs::kNothing) {
    const Properties given(Args(info), 0,
                           {"numbers", "labels", "predictions", "weights", "means", "results"});
    Request request = RequestOf(given, needs);
    if (needs == Needs::kMeans) request.means = given["means"].Array<double>(request.comparison.cols);
    request.results = given["results"].Array<double>(size(request));
    return Start(info, 1, [=](Totals*) { return compute(request); }, given.Values());
  }

  static Request RequestOf(const Properties& given, Needs needs) {
    const Argument numbers = given["numbers"];
    const auto record = numbers.Record<ComparisonRecord>();
    const size_t rows = numbers.SizeOf(record.rows, 0, kMostElements);
    const size_t cols = numbers.SizeOf(record.cols, 0, kMostElements);
    if (rows > kMostElements / std::max<size_t>(1, cols)) throw numbers.Wrong("a record of fewer elements");
    Request request{};
    request.value = numbers.EnumOf(record.value, kLastRowValue);
    const bool bins = needs == Needs::kBins;
    const size_t k = numbers.SizeOf(record.k, bins ? 1 : 0, bins ? kMostBins : kMostElements);
    request.rule = {record.classes != 0, record.threshold, k, record.epsilon, record.scale};
    // The largest of no numbers has no column.
    const bool needs_column = request.value == RowValue::kTopKHit || request.value == RowValue::kLogitSlopes;
    if (cols == 0 && (request.rule.classes || needs_column)) {
      throw numbers.Wrong("a record with columns");
    }
    const bool indices = record.indices != 0;
    request.comparison = {rows,
                          cols,
                          given["labels"].NumberArray(indices ? rows : rows * cols),
                          indices,
                          given["predictions"].NumberArray(rows * cols),
                          given["weights"].Given() ? given["weights"].NumberArray(rows) : Numbers{}};
    return request;
  }

  Napi::Value Check(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"data", "rule", "classes"});
    const size_t size = given["data"].Length();
    const Numbers data = given["data"].NumberArray(size);
    const LabelRule rule = given["rule"].Enum(LabelRule::kClasses);
    const size_t classes = given["classes"].PositiveSize();
    return Start(
        info, 1, [=](Totals*) { return CheckNumbers(data, size, rule, classes, control_); }, given.Values());
  }

  Napi::Value SumValues(const Napi::CallbackInfo& info) {
    return Compare(
        info, [](const Request& of) { return 1 + ValuesPerRow(of.value, of.comparison.cols); },
        [this](const Request& of) {
          return SumRows(of.comparison, of.value, of.rule, control_, of.results);
        });
  }

  Napi::Value SumColumnDeviations(const Napi::CallbackInfo& info) {
    return Compare(
        info, [](const Request& of) { return of.comparison.cols * FieldCount<DeviationRecord>(); },
        [this](const Request& of) { return SumDeviations(of.comparison, of.means, control_, of.results); },
        Needs::kMeans);
  }

  Napi::Value CountRows(const Napi::CallbackInfo& info) {
    return Compare(
        info, [](const Request& of) { return of.comparison.cols * FieldCount<CountRecord>(); },
        [this](const Request& of) { return CountDecisions(of.comparison, of.rule, control_, of.results); });
  }

  Napi::Value Confuse(const Napi::CallbackInfo& info) {
    return Compare(
        info,
        [](const Request& of) {
          const size_t classes = of.comparison.cols == 1 ? 2 : of.comparison.cols;
          return classes * classes;
        },
        [this](const Request& of) { return CountConfusions(of.comparison, of.rule, control_, of.results); });
  }

  Napi::Value Bin(const Napi::CallbackInfo& info) {
    return Compare(
        info, [](const Request& of) { return of.rule.k * FieldCount<BinRecord>(); },
        [this](const Request& of) { return CountBins(of.comparison, of.rule, control_, of.results); },
        Needs::kBins);
  }

  Napi::Value Rank(const Napi::CallbackInfo& info) {
    return Compare(
        info, [](const Request& of) { return of.comparison.cols * FieldCount<RankingRecord>(); },
        [this, memory = std::make_shared<RankingMemory>()](const Request& of) {
          return RankColumns(of.comparison, control_, memory.get(), of.results);
        });
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportMetrics(Napi::Env env, Napi::Object exports) {
  exports.Set("Metrics", MetricsObject::Define(env));
}

}  // namespace blasnet
