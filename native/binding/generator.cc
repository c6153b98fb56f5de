// The Generator class: bulk draws of NumPy's legacy generator, and what is made of them. Its operations run
// as operations.h says.
//
//   new Generator({ outcome })
//   orders({ state, from, size, count, orders }, callback?): see DrawOrders
//     state   Uint32Array (kStateWords), read and, when all is drawn, written
//     from    Uint32Array (size) or null
//     orders  Uint32Array (any number of orders * size)
//   uniform({ state, low, range, out }, callback?): see DrawUniform
//   normal({ state, spare, mean, deviation, limit, out }, callback?): see DrawNormal
//     spare   Float64Array (1), read and written like `state`
//   orthogonal({ state, spare, rows, cols, gain, out }, callback?): see DrawOrthogonal
//     out     Float64Array or Float32Array (rows * cols)
//   limitThreads(threads, low), stop(), clearStop()
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/draws.h"
#include "engine/orthogonal.h"

namespace blasnet {
namespace {

constexpr size_t kMostRows = size_t{UINT32_MAX};

class GeneratorObject final : public Operations<GeneratorObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Generator",
                       {
                           Method<&GeneratorObject::Orders>("orders"),
                           Method<&GeneratorObject::Uniform>("uniform"),
                           Method<&GeneratorObject::Normal>("normal"),
                           Method<&GeneratorObject::Orthogonal>("orthogonal"),
                           Method<&GeneratorObject::LimitThreads>("limitThreads"),
                           Method<&GeneratorObject::Stop>("stop"),
                           Method<&GeneratorObject::ClearStop>("clearStop"),
                       });
  }

  explicit GeneratorObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  static uint32_t* StateOf(const Argument& argument) {
    uint32_t* state = argument.Array<uint32_t>(kStateWords);
    if (state[Twister::kWords] > Twister::kWords) throw argument.Wrong("a state");
    return state;
  }

  Napi::Value Orders(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"state", "from", "size", "count", "orders"});
    uint32_t* state = StateOf(given["state"]);
    const size_t size = given["size"].Size(kMostRows), count = given["count"].Size(size);
    const size_t repeats = size == 0 ? 0 : given["orders"].Length() / size;
    const uint32_t* from = given["from"].Given() ? given["from"].Array<uint32_t>(size) : nullptr;
    uint32_t* orders = given["orders"].Array<uint32_t>(size);
    return Start(
        info, 1, [=](Totals*) { return DrawOrders(state, from, repeats, size, count, orders, control_); },
        given.Values());
  }

  Napi::Value Uniform(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"state", "low", "range", "out"});
    uint32_t* state = StateOf(given["state"]);
    const double low = given["low"].Number(), range = given["range"].Number();
    return Fill(info, given,
                [=](size_t size, auto* out) { return DrawUniform(state, low, range, size, out, control_); });
  }

  Napi::Value Normal(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"state", "spare", "mean", "deviation", "limit", "out"});
    uint32_t* state = StateOf(given["state"]);
    double* spare = given["spare"].Array<double>(1);
    const NormalOptions options{given["mean"].Number(), given["deviation"].Number(), given["limit"].Number()};
    // With a limit of 0 or NaN, the draw would never end.
    if (!(options.limit >= 1)) throw given["limit"].Wrong("at least 1");
    return Fill(info, given, [=](size_t size, auto* out) {
      return DrawNormal(state, spare, options, size, out, control_);
    });
  }

  Napi::Value Orthogonal(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"state", "spare", "rows", "cols", "gain", "out"});
    uint32_t* state = StateOf(given["state"]);
    double* spare = given["spare"].Array<double>(1);
    const size_t rows = given["rows"].PositiveSize(), cols = given["cols"].PositiveSize();
    const double gain = given["gain"].Number();
    if (given["out"].Length() / rows < cols) throw given["out"].Wrong("an array of rows * cols elements");
    return Fill(info, given, [=](size_t, auto* out) {
      return DrawOrthogonal(state, spare, rows, cols, gain, out, control_);
    });
  }

  template <class F>
  Napi::Value Fill(const Napi::CallbackInfo& info, const Properties& given, const F& draw) {
    const Argument out = given["out"];
    const size_t size = out.Length();
    if (out.IsFloat32()) {
      float* numbers = out.Array<float>(size);
      return Start(info, 1, [=](Totals*) { return draw(size, numbers); }, given.Values());
    }
    double* numbers = out.Array<double>(size);
    return Start(info, 1, [=](Totals*) { return draw(size, numbers); }, given.Values());
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportGenerator(Napi::Env env, Napi::Object exports) {
  exports.Set("Generator", GeneratorObject::Define(env));
}

}  // namespace blasnet
