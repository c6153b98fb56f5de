// The TableColumns class: work with columns of tables. Its operations run as operations.h says;
// tables/column_work.h describes them.
//
//   new TableColumns({ outcome })
//   describe({ values, out }, callback?)
//     values  Float64Array, Int32Array or Int8Array
//     out     Float64Array (6), written: values that are not missing, the least, the greatest, the mean, the
//             least and the greatest finite one
//   count({ codes, counts, order }, callback?): the outcome's `index`
//     codes   Int32Array
//     counts  Float64Array (categories), written
//     order   Int32Array (categories), written
//   sort({ values, order }, callback?)
//     values  Float64Array, no NaN
//     order   Uint32Array (length of values), written
//   limitThreads(threads, low), stop(), clearStop()
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "tables/column_work.h"

namespace blasnet {
namespace {

class TableColumnsObject final : public Operations<TableColumnsObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "TableColumns",
                       {
                           Method<&TableColumnsObject::Describe>("describe"),
                           Method<&TableColumnsObject::Count>("count"),
                           Method<&TableColumnsObject::Sort>("sort"),
                           Method<&TableColumnsObject::LimitThreads>("limitThreads"),
                           Method<&TableColumnsObject::Stop>("stop"),
                           Method<&TableColumnsObject::ClearStop>("clearStop"),
                       });
  }

  explicit TableColumnsObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  static void Write(const ColumnFacts& facts, double* out) {
    out[0] = static_cast<double>(facts.present);
    out[1] = facts.least;
    out[2] = facts.greatest;
    out[3] = facts.mean;
    out[4] = facts.least_finite;
    out[5] = facts.greatest_finite;
  }

  Napi::Value Describe(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"values", "out"});
    const Argument values = given["values"];
    double* const out = given["out"].Array<double>(6);
    const size_t rows = values.Length();
    const auto start = [&](auto describe) {
      return Start(
          info, 1,
          [=](Totals*) {
            ColumnFacts facts;
            const Outcome outcome = describe(&facts);
            Write(facts, out);
            return outcome;
          },
          given.Values());
    };
    switch (values.Type()) {
      case napi_int32_array: {
        const int32_t* const codes = values.Array<int32_t>(rows);
        return start([=](ColumnFacts* facts) { return DescribeIntegers(codes, rows, facts, control_); });
      }
      case napi_int8_array: {
        const int8_t* const flags = values.Array<int8_t>(rows);
        return start([=](ColumnFacts* facts) { return DescribeIntegers(flags, rows, facts, control_); });
      }
      default: {
        const double* const numbers = values.Array<double>(rows);
        return start([=](ColumnFacts* facts) { return DescribeNumbers(numbers, rows, facts, control_); });
      }
    }
  }

  Napi::Value Count(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"codes", "counts", "order"});
    const size_t rows = given["codes"].Length(), categories = given["counts"].Length();
    const int32_t* const codes = given["codes"].Array<int32_t>(rows);
    double* const counts = given["counts"].Array<double>(categories);
    int32_t* const order = given["order"].Array<int32_t>(categories);
    return Start(
        info, 1, [=](Totals*) { return CountCodes(codes, rows, counts, order, categories, control_); },
        given.Values());
  }

  Napi::Value Sort(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"values", "order"});
    const size_t rows = given["values"].Length();
    if (rows > size_t{UINT32_MAX}) throw given["values"].Wrong("fewer values");
    const double* const values = given["values"].Array<double>(rows);
    uint32_t* const order = given["order"].Array<uint32_t>(rows);
    return Start(info, 1, [=](Totals*) { return SortRows(values, rows, order, control_); }, given.Values());
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportTableColumns(Napi::Env env, Napi::Object exports) {
  exports.Set("TableColumns", TableColumnsObject::Define(env));
}

}  // namespace blasnet
