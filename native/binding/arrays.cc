// The Arrays class: work with whole arrays, such as copying and hashing them. Its operations run as
// operations.h says; engine/arrays.h describes them.
//
//   new Arrays({ outcome })
//   fill({ value, out }, callback?)
//     out     Float64Array or Float32Array
//   convert({ from, out }, callback?): the outcome's `index`
//     from    typed array of any type that NumberType has
//     out     Float64Array, Float32Array or Int32Array (length of from), written
//   columns({ from, rows, cols, out }, callback?): each column of a matrix
//     from    typed array of any type that NumberType has (rows * cols)
//     out     array of Float64Arrays (cols, each rows), written
//   hash({ state, bytes }, callback?)
//     state   Uint32Array (kHashWords), which beginHash made; read and written
//     bytes   Uint8Array (any length)
//   copy({ from, to }, callback?)
//     from, to  arrays of typed arrays, with equally many bytes in all; no two of `to` overlap
//   checkFinite(data, callback?): the outcome's `index`
//     data    Float64Array or Float32Array
//   beginHash(state), endHash(state, digest): on the calling thread
//     digest  Uint8Array (32), written
//   limitThreads(threads, low), stop(), clearStop()
#include <cstring>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/arrays.h"

namespace blasnet {
namespace {

constexpr size_t kHashWords = sizeof(Sha256) / sizeof(uint32_t);

class ArraysObject final : public Operations<ArraysObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Arrays",
                       {
                           Method<&ArraysObject::Fill>("fill"),
                           Method<&ArraysObject::Convert>("convert"),
                           Method<&ArraysObject::Columns>("columns"),
                           Method<&ArraysObject::HashBytes>("hash"),
                           Method<&ArraysObject::Copy>("copy"),
                           Method<&ArraysObject::Check>("checkFinite"),
                           Method<&ArraysObject::BeginHash>("beginHash"),
                           Method<&ArraysObject::EndHash>("endHash"),
                           Method<&ArraysObject::LimitThreads>("limitThreads"),
                           Method<&ArraysObject::Stop>("stop"),
                           Method<&ArraysObject::ClearStop>("clearStop"),
                       });
  }

  explicit ArraysObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  // The state is copied, since JavaScript's array may not be aligned for it.
  static Sha256 Load(const uint32_t* state) {
    Sha256 hash;
    std::memcpy(&hash, state, sizeof hash);
    return hash;
  }
  static void Store(const Sha256& hash, uint32_t* state) { std::memcpy(state, &hash, sizeof hash); }

  Napi::Value Fill(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"value", "out"});
    if (given["out"].IsFloat32()) return FillAs<float>(info, given);
    return FillAs<double>(info, given);
  }

  template <typename T>
  Napi::Value FillAs(const Napi::CallbackInfo& info, const Properties& given) {
    const double value = given["value"].Number();
    const size_t size = given["out"].Length();
    T* out = given["out"].Array<T>(size);
    return Start(info, 1, [=](Totals*) { return FillArray(value, size, out, control_); }, given.Values());
  }

  Napi::Value Convert(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"from", "out"});
    if (given["out"].Type() == napi_int32_array) return ConvertAs<int32_t>(info, given);
    if (given["out"].IsFloat32()) return ConvertAs<float>(info, given);
    return ConvertAs<double>(info, given);
  }

  template <typename T>
  Napi::Value ConvertAs(const Napi::CallbackInfo& info, const Properties& given) {
    const size_t count = given["from"].Length();
    const blasnet::Numbers from = given["from"].NumberArray(count);
    T* out = given["out"].Array<T>(count);
    return Start(
        info, 1, [=](Totals*) { return ConvertNumbers(from, count, out, control_); }, given.Values());
  }

  Napi::Value Columns(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"from", "rows", "cols", "out"});
    const size_t rows = given["rows"].Size(), cols = given["cols"].Size();
    const Numbers from = given["from"].NumberArray(rows * cols);
    std::vector<Napi::Value> held = given.Values();
    std::vector<double*> out;
    for (const Argument& column : given["out"].List()) {
      held.push_back(column.Value());
      out.push_back(column.Array<double>(rows));
    }
    if (out.size() != cols) throw given["out"].Wrong("as many arrays as there are columns");
    return Start(
        info, 1,
        [this, from, rows, out = std::move(out)](Totals*) { return SplitColumns(from, rows, out, control_); },
        std::move(held));
  }

  Napi::Value HashBytes(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"state", "bytes"});
    uint32_t* state = given["state"].Array<uint32_t>(kHashWords);
    const Bytes data = BytesOf(given["bytes"]);
    if (given["bytes"].Type() != napi_uint8_array) throw given["bytes"].Wrong("a Uint8Array");
    return Start(
        info, 1,
        [=](Totals*) {
          Sha256 hash = Load(state);
          const Outcome outcome = Hash(&hash, data, control_);
          Store(hash, state);
          return outcome;
        },
        given.Values());
  }

  static Bytes BytesOf(const Argument& array) {
    const auto [data, size] = array.Bytes();
    return {static_cast<unsigned char*>(data), size};
  }

  Napi::Value Copy(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"from", "to"});
    // All elements are read before any is checked; see Properties.
    std::vector<Napi::Value> held = given.Values();
    const std::vector<Argument> sources = given["from"].List(), targets = given["to"].List();
    std::vector<Bytes> from, to;
    size_t from_size = 0, to_size = 0;
    for (const Argument& source : sources) {
      from.push_back(BytesOf(source));
      from_size += from.back().size;
      held.push_back(source.Value());
    }
    for (const Argument& target : targets) {
      to.push_back(BytesOf(target));
      to_size += to.back().size;
      held.push_back(target.Value());
    }
    if (from_size != to_size) throw given["to"].Wrong("of as many bytes as `from`");
    return Start(info, 1, [=](Totals*) { return CopyBytes(from, to, control_); }, std::move(held));
  }

  Napi::Value Check(const Napi::CallbackInfo& info) {
    const Argument array = Args(info)[0];
    const size_t size = array.Length();
    if (array.IsFloat32()) {
      const float* data = array.Array<float>(size);
      return Start(info, 1, [=](Totals*) { return CheckFinite(data, size, control_); });
    }
    const double* data = array.Array<double>(size);
    return Start(info, 1, [=](Totals*) { return CheckFinite(data, size, control_); });
  }

  void BeginHash(const Napi::CallbackInfo& info) {
    Sha256 hash{};
    hash.Begin();
    Store(hash, Args(info)[0].Array<uint32_t>(kHashWords));
  }

  void EndHash(const Napi::CallbackInfo& info) {
    const Args args(info);
    const uint32_t* state = args[0].Array<uint32_t>(kHashWords);
    uint8_t* digest = args[1].Array<uint8_t>(Sha256::kDigest);
    Load(state).End(digest);
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportArrays(Napi::Env env, Napi::Object exports) { exports.Set("Arrays", ArraysObject::Define(env)); }

}  // namespace blasnet
