// The classes Columns and Pipeline: what preprocessing learns from X, and how it transforms it. Their
// operations run as operations.h says. X and `out` are Float64Arrays or Float32Arrays, row-major.
//
//   new Columns(outcome)
//   moments({ X, rows, width, columns, skipMissing, means, variances, present }, callback?)
//   extremes({ X, rows, width, columns, skipMissing, least, most }, callback?)
//   orders({ X, rows, width, columns, skipMissing, low, high, orders }, callback?)
//     orders      Float64Array (columns * 5): see Order
//   quantiles({ X, rows, width, columns, skipMissing, percentiles, quantiles }, callback?)
//     percentiles Float64Array (any length), from 0 to 100
//     quantiles   Float64Array (columns * percentiles), written
//   splits({ X, rows, width, columns, skipMissing, classes, count, targets, bins, least, edges, counts },
//          callback?)
//     classes     Int32Array (rows): a code for each row, below `count`; or null
//     targets     without classes: an array of Float64Arrays (rows), at least one
//     bins        the most bins; least: the fewest rows of a bin
//     edges       Float64Array (columns * (bins + 1)), written
//   categories({ X, rows, width, columns, skipMissing, most, counts }, callback?)
//   copyCategories(i, out): those of column i of the last operation, as many as counts[i] says
//     columns     Uint32Array: the selected columns, ascending
//     all other arrays are Float64Arrays (columns), written
//
//   new Pipeline({ columns, steps, outcome })
//     steps       objects: { columns, center, scale, offset, clip: null or Float64Array (2) }, or
//                 { columns, fill, indicators }, or { columns, categories: Float64Arrays, refuseUnknown }
//   transform(X, rows, out, callback?), inverse(X, rows, out, callback?)
#include <algorithm>
#include <variant>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/columns.h"
#include "engine/pipeline.h"

namespace blasnet {
namespace {

// X (rows, width) of either element type.
struct FloatMatrix {
  const double* doubles = nullptr;
  const float* floats = nullptr;

  FloatMatrix(const Argument& array, size_t size) {
    if (array.IsFloat32()) {
      floats = array.Array<float>(size);
    } else {
      doubles = array.Array<double>(size);
    }
  }
};

// Ascending column numbers below `width`.
std::vector<uint32_t> ColumnsOf(const Argument& argument, size_t width) {
  const size_t count = argument.Length();
  const uint32_t* given = argument.Array<uint32_t>(count);
  // The copy is checked: another thread may change the array.
  std::vector<uint32_t> columns(given, given + count);
  for (size_t i = 0; i < count; i++) {
    if (columns[i] >= width || (i > 0 && columns[i] <= columns[i - 1]))
      throw argument.Wrong("ascending column numbers");
  }
  return columns;
}

// More classes than this are no classes.
constexpr size_t kMostClasses = size_t{1} << 24;

size_t Product(const Argument& argument, size_t a, size_t b) {
  if (b != 0 && a > kMostElements / b) throw argument.Wrong("smaller");
  return a * b;
}

class ColumnsObject final : public Operations<ColumnsObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Columns",
                       {
                           Method<&ColumnsObject::Moments>("moments"),
                           Method<&ColumnsObject::Extremes>("extremes"),
                           Method<&ColumnsObject::Orders>("orders"),
                           Method<&ColumnsObject::Quantiles>("quantiles"),
                           Method<&ColumnsObject::Splits>("splits"),
                           Method<&ColumnsObject::Categories>("categories"),
                           Method<&ColumnsObject::CopyCategories>("copyCategories"),
                           Method<&ColumnsObject::LimitThreads>("limitThreads"),
                           Method<&ColumnsObject::Stop>("stop"),
                           Method<&ColumnsObject::ClearStop>("clearStop"),
                       });
  }

  explicit ColumnsObject(const Napi::CallbackInfo& info) : Operations(info) { ReportTo(Args(info)[0]); }

 private:
  // The arguments that all operations share. The operation has its own copy of the column numbers.
  struct Given {
    Given(const Properties& given)
        : rows(given["rows"].PositiveSize()),
          width(given["width"].PositiveSize()),
          x(given["X"], Product(given["rows"], rows, width)),
          columns(ColumnsOf(given["columns"], width)),
          skip_missing(given["skipMissing"].Boolean()) {
      if (columns.empty()) throw given["columns"].Wrong("at least one column");
    }

    // Calls body with the columns of X's element type.
    template <class F>
    Outcome Visit(const F& body) const {
      if (x.floats != nullptr)
        return body(Columns<float>{x.floats, rows, width, columns.data(), columns.size(), skip_missing});
      return body(Columns<double>{x.doubles, rows, width, columns.data(), columns.size(), skip_missing});
    }

    size_t rows;
    size_t width;
    FloatMatrix x;
    std::vector<uint32_t> columns;
    bool skip_missing;
  };

  Napi::Value Moments(const Napi::CallbackInfo& info) {
    const Properties properties(
        Args(info), 0, {"X", "rows", "width", "columns", "skipMissing", "means", "variances", "present"});
    const Given given(properties);
    double* means = properties["means"].Array<double>(given.columns.size());
    double* variances = properties["variances"].Array<double>(given.columns.size());
    double* present = properties["present"].Array<double>(given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          return given.Visit([&](const auto& columns) {
            return LearnMoments(columns, means, variances, present, control_);
          });
        },
        properties.Values());
  }

  Napi::Value Extremes(const Napi::CallbackInfo& info) {
    const Properties properties(Args(info), 0,
                                {"X", "rows", "width", "columns", "skipMissing", "least", "most"});
    const Given given(properties);
    double* least = properties["least"].Array<double>(given.columns.size());
    double* most = properties["most"].Array<double>(given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          return given.Visit(
              [&](const auto& columns) { return LearnExtremes(columns, least, most, control_); });
        },
        properties.Values());
  }

  Napi::Value Orders(const Napi::CallbackInfo& info) {
    static_assert(sizeof(Order) == 5 * sizeof(double), "an order is written as five doubles");
    const Properties properties(Args(info), 0,
                                {"X", "rows", "width", "columns", "skipMissing", "low", "high", "orders"});
    const Given given(properties);
    const double low = Percent(properties["low"]), high = Percent(properties["high"]);
    double* numbers = properties["orders"].Array<double>(5 * given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          std::vector<Order> orders(given.columns.size());
          const Outcome outcome = given.Visit(
              [&](const auto& columns) { return LearnOrders(columns, low, high, orders.data(), control_); });
          for (size_t i = 0; i < orders.size(); i++) {
            const Order& order = orders[i];
            const double row[] = {order.present, order.median, order.low, order.high, order.mode};
            std::copy_n(row, 5, numbers + 5 * i);
          }
          return outcome;
        },
        properties.Values());
  }

  Napi::Value Quantiles(const Napi::CallbackInfo& info) {
    const Properties properties(Args(info), 0,
                                {"X", "rows", "width", "columns", "skipMissing", "percentiles", "quantiles"});
    const Given given(properties);
    const size_t count = properties["percentiles"].Length();
    const double* from = properties["percentiles"].Array<double>(count);
    const std::vector<double> percentiles(from, from + count);
    for (const double percentile : percentiles) {
      if (!(percentile >= 0 && percentile <= 100)) throw properties["percentiles"].Wrong("from 0 to 100");
    }
    double* const quantiles = properties["quantiles"].Array<double>(count * given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          return given.Visit(
              [&](const auto& columns) { return LearnQuantiles(columns, percentiles, quantiles, control_); });
        },
        properties.Values());
  }

  Napi::Value Splits(const Napi::CallbackInfo& info) {
    const Properties properties(Args(info), 0,
                                {"X", "rows", "width", "columns", "skipMissing", "classes", "count",
                                 "targets", "bins", "least", "edges", "counts"});
    const Given given(properties);
    std::vector<Napi::Value> held = properties.Values();
    SplitTarget target;
    target.class_count = properties["count"].Size(kMostClasses);
    if (properties["classes"].Given()) {
      target.classes = properties["classes"].Array<int32_t>(given.rows);
    } else {
      for (const Argument& numbers : properties["targets"].List()) {
        target.numbers.push_back(numbers.Array<double>(given.rows));
        held.push_back(numbers.Value());
      }
      if (target.numbers.empty()) throw properties["targets"].Wrong("at least one array");
      Product(properties["targets"], given.rows, target.numbers.size());
    }
    const SplitLimits limits{properties["bins"].PositiveSize(), properties["least"].PositiveSize()};
    const size_t edges_of_all = Product(properties["bins"], given.columns.size(), limits.bins + 1);
    double* const edges = properties["edges"].Array<double>(edges_of_all);
    double* const counts = properties["counts"].Array<double>(given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          return given.Visit([&](const auto& columns) {
            return LearnSplits(columns, target, limits, edges, counts, control_);
          });
        },
        std::move(held));
  }

  Napi::Value Categories(const Napi::CallbackInfo& info) {
    const Properties properties(Args(info), 0,
                                {"X", "rows", "width", "columns", "skipMissing", "most", "counts"});
    const Given given(properties);
    const size_t most = properties["most"].Size();
    double* counts = properties["counts"].Array<double>(given.columns.size());
    return Start(
        info, 1,
        [=](Totals*) {
          return given.Visit([&](const auto& columns) {
            return LearnCategories(columns, most, counts, &categories_, control_);
          });
        },
        properties.Values());
  }

  void CopyCategories(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Args args(info);
    const size_t i = args[0].Size();
    const std::vector<double> known = i < categories_.size() ? categories_[i] : std::vector<double>();
    std::copy(known.begin(), known.end(), args[1].Array<double>(known.size()));
  }

  static double Percent(const Argument& argument) {
    const double percent = argument.Number();
    if (!(percent >= 0 && percent <= 100)) throw argument.Wrong("from 0 to 100");
    return percent;
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  std::vector<std::vector<double>> categories_;
};

class PipelineObject final : public Operations<PipelineObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Pipeline",
                       {
                           Method<&PipelineObject::TransformRows>("transform"),
                           Method<&PipelineObject::InvertRows>("inverse"),
                           Method<&PipelineObject::LimitThreads>("limitThreads"),
                           Method<&PipelineObject::Stop>("stop"),
                           Method<&PipelineObject::ClearStop>("clearStop"),
                       });
  }

  explicit PipelineObject(const Napi::CallbackInfo& info) try : Operations(info) {
    const Properties given(Args(info), 0, {"columns", "steps", "outcome"});
    pipeline_.columns = given["columns"].PositiveSize();
    const Napi::Object steps = given["steps"].Object();
    if (!steps.IsArray()) throw given["steps"].Wrong("an array");
    const uint32_t count = steps.As<Napi::Array>().Length();
    size_t width = pipeline_.columns;
    for (uint32_t i = 0; i < count; i++) {
      pipeline_.steps.push_back(StepOf(info, steps.Get(i), width));
      width = ColumnsAfter(pipeline_.steps.back(), width);
      if (width > kMostSize) throw given["steps"].Wrong("steps with fewer than 2^31 columns");
    }
    ReportTo(given["outcome"]);
  } catch (...) {
    RethrowAsError(info.Env());
  }

 private:
  static PipelineStep StepOf(const Napi::CallbackInfo& info, const Napi::Value& value, size_t width) {
    const Argument argument(info.Env(), value, 0, "steps");
    const Napi::Object step = argument.Object();
    const auto property = [&](const char* name) { return Argument(info.Env(), step.Get(name), 0, name); };
    const Argument columns = property("columns");
    if (step.Has("center")) {
      ScaleStep scale;
      const Argument center = property("center"), scales = property("scale"), clip = property("clip");
      const double offset = property("offset").Number();
      scale.columns = ColumnsOf(columns, width);
      scale.center = Doubles(center, scale.columns.size());
      scale.scale = Doubles(scales, scale.columns.size());
      scale.offset = offset;
      if (clip.Given()) {
        const std::vector<double> range = Doubles(clip, 2);
        scale.clip = true;
        scale.low = range[0];
        scale.high = range[1];
      }
      return scale;
    }
    if (step.Has("fill")) {
      FillStep fill;
      const Argument fills = property("fill"), indicators = property("indicators");
      fill.columns = ColumnsOf(columns, width);
      fill.fill = Doubles(fills, fill.columns.size());
      fill.indicators = ColumnsOf(indicators, width);
      return fill;
    }
    EncodeStep encode;
    const Argument categories = property("categories");
    encode.refuse_unknown = property("refuseUnknown").Boolean();
    const Napi::Object lists = categories.Object();
    encode.columns = ColumnsOf(columns, width);
    for (uint32_t i = 0; i < encode.columns.size(); i++) {
      const Argument list(info.Env(), lists.Get(i), 0, "categories");
      encode.categories.push_back(Doubles(list, list.Length()));
      const std::vector<double>& known = encode.categories.back();
      if (known.empty() || !std::is_sorted(known.begin(), known.end()))
        throw categories.Wrong("ascending categories");
    }
    return encode;
  }

  static std::vector<double> Doubles(const Argument& argument, size_t size) {
    const double* numbers = argument.Array<double>(size);
    return {numbers, numbers + size};
  }

  Napi::Value TransformRows(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args[1].PositiveSize();
    const FloatMatrix x(args[0], Product(args[1], rows, pipeline_.columns));
    const size_t size = Product(args[1], rows, pipeline_.OutputColumns());
    return Into(info, args[2], size, [this, x, rows](auto* out, Totals* totals) {
      return x.floats != nullptr ? Transform(pipeline_, x.floats, rows, out, control_, totals)
                                 : Transform(pipeline_, x.doubles, rows, out, control_, totals);
    });
  }

  Napi::Value InvertRows(const Napi::CallbackInfo& info) {
    const Args args(info);
    const size_t rows = args[1].PositiveSize();
    const FloatMatrix x(args[0], Product(args[1], rows, pipeline_.OutputColumns()));
    const size_t size = Product(args[1], rows, pipeline_.columns);
    return Into(info, args[2], size, [this, x, rows](auto* out, Totals*) {
      return x.floats != nullptr ? Invert(pipeline_, x.floats, rows, out, control_)
                                 : Invert(pipeline_, x.doubles, rows, out, control_);
    });
  }

  // Starts body(out, totals), with `out` of its own element type.
  template <class F>
  Napi::Value Into(const Napi::CallbackInfo& info, const Argument& out, size_t size, const F& body) {
    if (out.IsFloat32()) {
      float* floats = out.Array<float>(size);
      return Start(info, 3, [=](Totals* totals) { return body(floats, totals); });
    }
    double* doubles = out.Array<double>(size);
    return Start(info, 3, [=](Totals* totals) { return body(doubles, totals); });
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  Pipeline pipeline_;
};

}  // namespace

void ExportPreprocessing(Napi::Env env, Napi::Object exports) {
  exports.Set("Columns", ColumnsObject::Define(env));
  exports.Set("Pipeline", PipelineObject::Define(env));
}

}  // namespace blasnet
