// The Bytes class: work with whole arrays, such as hashing and copying them. Its operations run as
// operations.h says; engine/bytes.h describes them.
//
//   new Bytes({ outcome })
//   hash({ state, bytes }, callback?)
//     state   Uint32Array (kHashWords), which beginHash made; read and written
//     bytes   Uint8Array (any length)
//   copy({ from, to }, callback?)
//     from, to  arrays of typed arrays, with equally many bytes in all; no two of `to` overlap
//   checkFinite(data, callback?): the outcome's `index`
//     data    Float64Array or Float32Array
//   beginHash(state), endHash(state, digest): on the calling thread
//     digest  Uint8Array (32), written
//   limitThreads(threads), stop(), clearStop()
#include <cstring>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/bytes.h"

namespace blasnet {
namespace {

constexpr size_t kHashWords = sizeof(Sha256) / sizeof(uint32_t);

class BytesObject final : public Operations<BytesObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Bytes",
                       {
                           InstanceMethod<&BytesObject::HashBytes>("hash"),
                           InstanceMethod<&BytesObject::Copy>("copy"),
                           InstanceMethod<&BytesObject::Check>("checkFinite"),
                           InstanceMethod<&BytesObject::BeginHash>("beginHash"),
                           InstanceMethod<&BytesObject::EndHash>("endHash"),
                           InstanceMethod<&BytesObject::LimitThreads>("limitThreads"),
                           InstanceMethod<&BytesObject::Stop>("stop"),
                           InstanceMethod<&BytesObject::ClearStop>("clearStop"),
                       });
  }

  explicit BytesObject(const Napi::CallbackInfo& info) : Operations(info) {
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

void ExportBytes(Napi::Env env, Napi::Object exports) { exports.Set("Bytes", BytesObject::Define(env)); }

}  // namespace blasnet
