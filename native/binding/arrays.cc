// The Arrays class: work with whole arrays of floats, of either type. Its operations run as operations.h
// says; engine/arrays.h describes them.
//
//   new Arrays({ outcome })
//   fill({ value, out }, callback?)
//   copy({ from, out }, callback?)
//     out  at least as long as `from`
//   findNonFinite(data, callback?): the outcome's `index`
//   limitThreads(threads), stop(), clearStop()
#include "engine/arrays.h"
#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"

namespace blasnet {
namespace {

class ArraysObject final : public Operations<ArraysObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Arrays",
                       {
                           InstanceMethod<&ArraysObject::Fill>("fill"),
                           InstanceMethod<&ArraysObject::Copy>("copy"),
                           InstanceMethod<&ArraysObject::Find>("findNonFinite"),
                           InstanceMethod<&ArraysObject::LimitThreads>("limitThreads"),
                           InstanceMethod<&ArraysObject::Stop>("stop"),
                           InstanceMethod<&ArraysObject::ClearStop>("clearStop"),
                       });
  }

  explicit ArraysObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  // Calls body(elements) with the array's own type.
  template <class F>
  static Napi::Value Typed(const Argument& array, size_t least, const F& body) {
    if (array.IsFloat32()) return body(array.Array<float>(least));
    return body(array.Array<double>(least));
  }

  Napi::Value Fill(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"value", "out"});
    const double value = given["value"].Number();
    const size_t size = given["out"].Length();
    return Typed(given["out"], size, [&](auto* out) {
      return Start(info, 1, [=](Totals*) { return FillArray(value, size, out, control_); }, given.Values());
    });
  }

  Napi::Value Copy(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"from", "out"});
    const size_t size = given["from"].Length();
    return Typed(given["from"], size, [&](const auto* from) {
      return Typed(given["out"], size, [&](auto* out) {
        return Start(info, 1, [=](Totals*) { return CopyArray(from, size, out, control_); }, given.Values());
      });
    });
  }

  Napi::Value Find(const Napi::CallbackInfo& info) {
    const Argument data = Args(info)[0];
    const size_t size = data.Length();
    return Typed(data, size, [&](const auto* from) {
      return Start(info, 1, [=](Totals*) { return FindNonFinite(from, size, control_); });
    });
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
};

}  // namespace

void ExportArrays(Napi::Env env, Napi::Object exports) { exports.Set("Arrays", ArraysObject::Define(env)); }

}  // namespace blasnet
