// The MappedFile class: a file whose bytes JavaScript reads without a copy: see engine/file_map.h. Its
// operation runs as operations.h says.
//
//   new MappedFile({ outcome })
//   open({ path }, callback?)
//   size(): the bytes of the file; 0 before open
//   read(out)                 Uint8Array (at most size()), written: the first bytes
//   buffer({ start, bytes })  an ArrayBuffer on this part of the file, which keeps the map until it is
//   collected;
//                             null if this runtime has no ArrayBuffers on such memory
//   close(): lets go of the file; buffers of it stay
//   limitThreads(threads, low), stop(), clearStop()
//
// forgetPages(array)          typed array: the system may have its pages, if they are those of a file
#include <cstring>
#include <memory>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "engine/file_map.h"

namespace blasnet {
namespace {

class MappedFileObject final : public Operations<MappedFileObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "MappedFile",
                       {
                           Method<&MappedFileObject::Open>("open"),
                           Method<&MappedFileObject::Size>("size"),
                           Method<&MappedFileObject::Read>("read"),
                           Method<&MappedFileObject::Buffer>("buffer"),
                           Method<&MappedFileObject::Close>("close"),
                           Method<&MappedFileObject::LimitThreads>("limitThreads"),
                           Method<&MappedFileObject::Stop>("stop"),
                           Method<&MappedFileObject::ClearStop>("clearStop"),
                       });
  }

  explicit MappedFileObject(const Napi::CallbackInfo& info) : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  }

 private:
  using Map = std::shared_ptr<FileMap>;

  Napi::Value Open(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"path"});
    const std::string path = given["path"].Text();
    // The system's functions would take it for a shorter path.
    if (path.empty() || path.find('\0') != std::string::npos) throw given["path"].Wrong("a path");
    return Start(
        info, 1,
        [this, path](Totals*) {
          map_ = FileMap::Open(path);
          return Outcome{};
        },
        given.Values());
  }

  Napi::Value Size(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    return Napi::Number::New(info.Env(), map_ == nullptr ? 0.0 : static_cast<double>(map_->Size()));
  }

  void Read(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Argument out = Args(info)[0];
    const size_t size = out.Length();
    uint8_t* const to = out.Array<uint8_t>(size);
    if (size > (map_ == nullptr ? 0 : map_->Size())) throw out.Wrong("no longer than the file");
    if (size > 0) std::memcpy(to, map_->Data(), size);
    CheckWhole();
  }

  Napi::Value Buffer(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Properties given(Args(info), 0, {"start", "bytes"});
    const size_t size = map_ == nullptr ? 0 : map_->Size();
    const size_t start = given["start"].Size(size);
    const size_t bytes = given["bytes"].Size(size);
    if (bytes == 0 || bytes > size - start) throw given["bytes"].Wrong("in the file");
    CheckWhole();
    auto kept = std::make_unique<Map>(map_);
    napi_value buffer = nullptr;
    const napi_status status = napi_create_external_arraybuffer(
        info.Env(), map_->Data() + start, bytes,
        [](napi_env, void*, void* map) { delete static_cast<Map*>(map); }, kept.get(), &buffer);
    if (status == napi_no_external_buffers_allowed) return info.Env().Null();
    // After other failures, too, Node calls the finalizer, if it does at all.
    kept.release();  // NOLINT(bugprone-unused-return-value): the buffer deletes it
    if (status != napi_ok) throw Napi::Error::New(info.Env());
    return {info.Env(), buffer};
  }

  void Close(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    map_.reset();
  }

  void CheckWhole() const {
    if (map_ != nullptr && map_->Lost()) throw map_->LostError();
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control_.Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control_.ClearStop(); }

  Control control_;
  Map map_;
};

Napi::Value ForgetPages(const Napi::CallbackInfo& info) {
  const auto [data, bytes] = Args(info)[0].Bytes();
  FileMap::ForgetPages(data, bytes);
  // Whether the file is whole is a matter of those who read it.
  ForgetReadFiles();
  return info.Env().Undefined();
}

}  // namespace

void ExportMappedFile(Napi::Env env, Napi::Object exports) {
  exports.Set("MappedFile", MappedFileObject::Define(env));
  exports.Set("forgetPages", Napi::Function::New<GuardedCall<ForgetPages>>(env, "forgetPages"));
}

}  // namespace blasnet
