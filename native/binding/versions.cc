// The Versions class: versions of a network's parameters in memory that threads share (engine/versions.h).
// Its operations run as operations.h says.
//
//   new Versions({ control, memory, parameters, statistics, stride, outcome })
//     control     Int32Array (kControl) on a SharedArrayBuffer
//     memory      Float64Array or Float32Array (2 * stride) on a SharedArrayBuffer
//     parameters, statistics  their numbers of elements; together at most stride
//   publish({ parameters, statistics }, callback?): the outcome's `index` is the number of the new version
//     parameters, statistics  arrays of the memory's type, with so many elements
//   copy({ parameters, statistics }, callback?): writes the current version to the arrays
//   current(): the number of the current version
//   limitThreads(threads, low), stop(), clearStop()
#include "engine/versions.h"

#include <utility>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"

namespace blasnet {
namespace {

class VersionsObject final : public Operations<VersionsObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Versions",
                       {
                           Method<&VersionsObject::Publish>("publish"),
                           Method<&VersionsObject::Copy>("copy"),
                           Method<&VersionsObject::Current>("current"),
                           Method<&VersionsObject::LimitThreads>("limitThreads"),
                           Method<&VersionsObject::Stop>("stop"),
                           Method<&VersionsObject::ClearStop>("clearStop"),
                       });
  }

  explicit VersionsObject(const Napi::CallbackInfo& info) try : Operations(info), versions_(nullptr) {
    const Properties given(Args(info), 0,
                           {"control", "memory", "parameters", "statistics", "stride", "outcome"});
    const Argument control = given["control"], memory = given["memory"];
    layout_ = {given["parameters"].Size(), given["statistics"].Size(), given["stride"].Size()};
    if (layout_.parameters + layout_.statistics > layout_.stride)
      throw given["stride"].Wrong("at least the number of parameters and statistics");
    const size_t least = Versions::kPlaces * layout_.stride;
    float32_ = memory.IsFloat32();
    element_ = float32_ ? sizeof(float) : sizeof(double);
    memory_ = float32_ ? reinterpret_cast<unsigned char*>(memory.Array<float>(least))
                       : reinterpret_cast<unsigned char*>(memory.Array<double>(least));
    versions_ = Versions(control.Array<int32_t>(Versions::kControl));
    const Argument kept[] = {control, memory};
    for (const Argument& array : kept) array.CheckShared();
    for (size_t i = 0; i < kKept; i++) kept_[i] = Napi::Persistent(kept[i].Object());
    ReportTo(given["outcome"]);
  } catch (...) {
    RethrowAsError(info.Env());
  }

 private:
  static constexpr size_t kKept = 2;

  Bytes BytesOf(const Argument& array, size_t count) const {
    unsigned char* data = float32_ ? reinterpret_cast<unsigned char*>(array.Array<float>(count))
                                   : reinterpret_cast<unsigned char*>(array.Array<double>(count));
    return {data, count * element_};
  }

  // The arrays of a version: its parameters and its running moments.
  struct Parts {
    Bytes parameters;
    Bytes statistics;
  };
  Parts PartsOf(const Properties& given) const {
    return {BytesOf(given["parameters"], layout_.parameters),
            BytesOf(given["statistics"], layout_.statistics)};
  }

  Napi::Value Publish(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"parameters", "statistics"});
    const Parts from = PartsOf(given);
    return Start(
        info, 1,
        [=](Totals*) {
          return versions_.Publish(from.parameters, from.statistics, layout_, memory_, element_, control_);
        },
        given.Values());
  }

  Napi::Value Copy(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"parameters", "statistics"});
    const Parts to = PartsOf(given);
    return Start(
        info, 1,
        [=](Totals*) {
          const Versions::Claim claim(versions_);
          unsigned char* const from = memory_ + claim.Place() * layout_.stride * element_;
          Outcome outcome =
              CopyBytes({{from, to.parameters.size}, {from + to.parameters.size, to.statistics.size}},
                        {to.parameters, to.statistics}, control_);
          outcome.index = static_cast<size_t>(claim.Version());
          return outcome;
        },
        given.Values());
  }

  Napi::Value Current(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), versions_.Current());
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  Versions versions_;
  VersionLayout layout_{};
  unsigned char* memory_ = nullptr;
  size_t element_ = 0;
  bool float32_ = false;
  Napi::ObjectReference kept_[kKept];
};

}  // namespace

void ExportVersions(Napi::Env env, Napi::Object exports) {
  exports.Set("Versions", VersionsObject::Define(env));
  exports.Set("versionControl", static_cast<uint32_t>(Versions::kControl));
}

}  // namespace blasnet
