// The Rows class: work with the rows of samples. Its operations run as operations.h says; engine/rows.h
// describes them. `labels` is a Float64Array, Float32Array or Int32Array (rows * cols); an Int32Array has one
// column.
//
//   new Rows({ outcome })
//   take({ from, rows, cols, index, out }, callback?)
//     from    Float64Array, Float32Array, Int32Array, Uint32Array or Int8Array (rows * cols)
//     index   Uint32Array (any length)
//     out     like `from` (length of index * cols)
//   countClasses({ labels, rows, cols, weights, counts }, callback?): the outcome's `index`
//     weights Float64Array or Float32Array (rows), or null
//     counts  Float64Array (classes), written
//   stratify({ labels, rows, cols, quotas, order }, callback?)
//     quotas  Float64Array (classes)
//     order   Uint32Array (rows), changed in place
//   checkOrder(order, callback?): the outcome's `index`
//     order   Uint32Array (rows)
//   encodeClasses({ numbers, rows, classes, cols, off, on, out }, callback?)
//     numbers  Int32Array (rows)
//     cols     at most `classes`
//     out      Float64Array or Float32Array (rows * cols), written
//   decideClasses({ outputs, rows, cols, threshold, numbers }, callback?): the outcome's `index`
//     outputs    Float64Array or Float32Array (rows * cols)
//     threshold  a number, with one column; or null
//     numbers    Int32Array (rows), written
//   checkWeights(weights, callback?): the outcome's `index` and `loss`
//     weights  Float64Array or Float32Array
//   listPresent({ weights, order }, callback?): the outcome's `index`
//     weights  Float64Array or Float32Array
//     order    Uint32Array (length of weights), written
//   weigh({ weights, labels, cols, ofClass, rows, scale, out }, callback?): the outcome's `index`, `loss` and
//   `hits`
//     weights  Float64Array or Float32Array (rows), or null
//     labels   or null
//     ofClass  Float64Array (classes), or null without labels
//     out      Float64Array or Float32Array (rows), written
//   limitThreads(threads, low), stop(), clearStop()
#include <optional>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/rows.h"

namespace blasnet {
namespace {

constexpr size_t kMostRows = size_t{UINT32_MAX};

class RowsObject final : public Operations<RowsObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Rows",
                       {
                           Method<&RowsObject::Take>("take"),
                           Method<&RowsObject::Count>("countClasses"),
                           Method<&RowsObject::MoveQuotas>("stratify"),
                           Method<&RowsObject::CheckRows>("checkOrder"),
                           Method<&RowsObject::Encode>("encodeClasses"),
                           Method<&RowsObject::Decide>("decideClasses"),
                           Method<&RowsObject::Check>("checkWeights"),
                           Method<&RowsObject::List>("listPresent"),
                           Method<&RowsObject::WeighRows>("weigh"),
                           Method<&RowsObject::LimitThreads>("limitThreads"),
                           Method<&RowsObject::Stop>("stop"),
                           Method<&RowsObject::ClearStop>("clearStop"),
                       });
  }

  explicit RowsObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  // The array's elements, and their size.
  static std::pair<const void*, size_t> Numbers(const Argument& array, size_t least) {
    switch (array.Type()) {
      case napi_int32_array:
        return {array.Array<int32_t>(least), sizeof(int32_t)};
      case napi_uint32_array:
        return {array.Array<uint32_t>(least), sizeof(uint32_t)};
      case napi_int8_array:
        return {array.Array<int8_t>(least), sizeof(int8_t)};
      default:
        return array.IsFloat32() ? std::pair<const void*, size_t>{array.Array<float>(least), sizeof(float)}
                                 : std::pair<const void*, size_t>{array.Array<double>(least), sizeof(double)};
    }
  }

  static Elements Floats(const Argument& array, size_t least) {
    if (array.IsFloat32()) return {array.Array<float>(least), ElementType::kFloat32};
    return {array.Array<double>(least), ElementType::kFloat64};
  }

  static LabelRows LabelsOf(const Argument& labels, const Argument& columns, size_t rows) {
    const size_t cols = columns.PositiveSize();
    if (labels.Type() != napi_int32_array) return {Floats(labels, rows * cols), cols, rows};
    return {{labels.Array<int32_t>(rows), ElementType::kInt32}, 1, rows};
  }

  Napi::Value Take(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"from", "rows", "cols", "index", "out"});
    const size_t rows = given["rows"].Size(kMostRows), cols = given["cols"].Size();
    const auto [from, bytes] = Numbers(given["from"], rows * cols);
    const size_t count = given["index"].Length();
    const uint32_t* index = given["index"].Array<uint32_t>(count);
    if (given["out"].Type() != given["from"].Type())
      throw given["out"].Wrong("an array of the type of `from`");
    void* out = const_cast<void*>(Numbers(given["out"], count * cols).first);
    const void* source = from;
    const size_t row_bytes = cols * bytes;
    return Start(
        info, 1, [=](Totals*) { return TakeRows(source, rows, row_bytes, index, count, out, control_); },
        given.Values());
  }

  Napi::Value Count(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"labels", "rows", "cols", "weights", "counts"});
    const LabelRows labels = LabelsOf(given["labels"], given["cols"], given["rows"].Size(kMostRows));
    std::optional<Elements> weights;
    if (given["weights"].Given()) weights = Floats(given["weights"], labels.rows);
    const size_t classes = given["counts"].Length();
    double* counts = given["counts"].Array<double>(classes);
    return Start(
        info, 1,
        [=](Totals*) {
          return CountClasses(labels, weights ? &*weights : nullptr, classes, counts, control_);
        },
        given.Values());
  }

  Napi::Value MoveQuotas(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"labels", "rows", "cols", "quotas", "order"});
    const LabelRows labels = LabelsOf(given["labels"], given["cols"], given["rows"].Size(kMostRows));
    const size_t classes = given["quotas"].Length();
    const double* quotas = given["quotas"].Array<double>(classes);
    uint32_t* order = given["order"].Array<uint32_t>(labels.rows);
    return Start(
        info, 1, [=](Totals*) { return Stratify(labels, quotas, classes, order, control_); }, given.Values());
  }

  Napi::Value CheckRows(const Napi::CallbackInfo& info) {
    const Argument array = Args(info)[0];
    const size_t rows = array.Length();
    const uint32_t* order = array.Array<uint32_t>(rows);
    return Start(info, 1, [=](Totals*) { return CheckOrder(order, rows, control_); });
  }

  Napi::Value Encode(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"numbers", "rows", "classes", "cols", "off", "on", "out"});
    if (given["out"].IsFloat32()) return EncodeAs<float>(info, given);
    return EncodeAs<double>(info, given);
  }

  template <typename T>
  Napi::Value EncodeAs(const Napi::CallbackInfo& info, const Properties& given) {
    const size_t rows = given["rows"].Size(kMostRows);
    const size_t cols = given["cols"].PositiveSize(), classes = given["classes"].PositiveSize();
    if (cols > classes) throw given["cols"].Wrong("at most the number of classes");
    const int32_t* numbers = given["numbers"].Array<int32_t>(rows);
    const double off = given["off"].Number(), on = given["on"].Number();
    T* out = given["out"].Array<T>(rows * cols);
    return Start(
        info, 1, [=](Totals*) { return EncodeClasses(numbers, rows, classes, cols, off, on, out, control_); },
        given.Values());
  }

  Napi::Value Decide(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"outputs", "rows", "cols", "threshold", "numbers"});
    if (given["outputs"].IsFloat32()) return DecideAs<float>(info, given);
    return DecideAs<double>(info, given);
  }

  template <typename T>
  Napi::Value DecideAs(const Napi::CallbackInfo& info, const Properties& given) {
    const size_t rows = given["rows"].Size(kMostRows), cols = given["cols"].PositiveSize();
    const T* outputs = given["outputs"].Array<T>(rows * cols);
    int32_t* numbers = given["numbers"].Array<int32_t>(rows);
    std::optional<double> threshold;
    if (given["threshold"].Given()) {
      if (cols > 1) throw given["threshold"].Wrong("null with several columns");
      threshold = given["threshold"].Number();
    }
    return Start(
        info, 1,
        [=](Totals*) {
          return DecideClasses(outputs, rows, cols, threshold ? &*threshold : nullptr, numbers, control_);
        },
        given.Values());
  }

  Napi::Value Check(const Napi::CallbackInfo& info) {
    const Argument array = Args(info)[0];
    const size_t count = array.Length();
    const Elements weights = Floats(array, count);
    return Start(info, 1, [=](Totals* totals) { return CheckWeights(weights, count, totals, control_); });
  }

  Napi::Value List(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"weights", "order"});
    const size_t rows = given["weights"].Length();
    if (rows > kMostRows) throw given["weights"].Wrong("fewer weights");
    const Elements weights = Floats(given["weights"], rows);
    uint32_t* order = given["order"].Array<uint32_t>(rows);
    return Start(
        info, 1, [=](Totals*) { return ListPresent(weights, rows, order, control_); }, given.Values());
  }

  Napi::Value WeighRows(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"weights", "labels", "cols", "ofClass", "rows", "scale", "out"});
    Weights of;
    of.rows = given["rows"].Size(kMostRows);
    if (given["weights"].Given()) of.weights = Floats(given["weights"], of.rows);
    if (given["labels"].Given()) {
      of.labels = LabelsOf(given["labels"], given["cols"], of.rows);
      of.classes = given["ofClass"].Length();
      of.of_class = given["ofClass"].Array<double>(of.classes);
    }
    of.scale = given["scale"].Number();
    if (given["out"].IsFloat32()) return WeighAs<float>(info, given, of);
    return WeighAs<double>(info, given, of);
  }

  struct Weights {
    std::optional<Elements> weights;
    std::optional<LabelRows> labels;
    const double* of_class = nullptr;
    size_t classes = 0;
    size_t rows = 0;
    double scale = 1;
  };

  template <typename T>
  Napi::Value WeighAs(const Napi::CallbackInfo& info, const Properties& given, const Weights& of) {
    T* out = given["out"].Array<T>(of.rows);
    return Start(
        info, 1,
        [=](Totals* totals) {
          const WeightSources sources{of.weights ? &*of.weights : nullptr, of.labels ? &*of.labels : nullptr,
                                      of.of_class, of.classes, of.rows};
          return Weigh(sources, of.scale, out, totals, control_);
        },
        given.Values());
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportRows(Napi::Env env, Napi::Object exports) { exports.Set("Rows", RowsObject::Define(env)); }

}  // namespace blasnet
