// The RankGroup class: the group of this process (distributed/group.h), which is one, however many objects
// there are. Its operations run on the group's own thread; without a callback, the calling thread waits.
//
//   new RankGroup({ outcome })
//     outcome     Float64Array (OutcomeRecord) on a SharedArrayBuffer
//   open({ libraries, seconds }, callback?): starts MPI
//     libraries   array of strings: names or paths, of which the first that is there is loaded; empty: this
//                 process stays alone
//     seconds     the time limit of each wait
//   gather(bytes, callback?): a Uint8Array of each rank; gathered() has them afterwards
//   gathered(): array of Uint8Array, one for each rank
//   post(ranks, bytes): has listen send a letter to other ranks, also one that runs already
//     ranks       Uint32Array
//   listen(ranks, callback?): sends letters, and waits for one of these ranks; without ranks, until all are
//   sent
//     ranks       Uint32Array
//   heard(): array of { rank, bytes }: the letters that have come
//   fail(text, callback?): throws an error with this text on the other ranks
//   close(callback?): ends MPI, when all ranks do so
//   abort(code): ends all ranks at once, if MPI runs
//   state(): 0 closed, 1 open, 2 broken, 3 starting
//   busy(): whether the group's thread has something to do
//   find(libraries): loads the first library that is there, without starting MPI
//   facts(): { path, version, family, rank, size }, once it is open; find returns the first three
//   limitThreads(threads, low), stop(), clearStop()
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "binding/args.h"
#include "binding/exports.h"
#include "binding/operations.h"
#include "distributed/group.h"

namespace blasnet {
namespace {

class RankGroupObject final : public Operations<RankGroupObject> {
 public:
  Control& control() { return control_; }

  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "RankGroup",
                       {
                           Method<&RankGroupObject::Open>("open"),
                           Method<&RankGroupObject::Gather>("gather"),
                           Method<&RankGroupObject::Gathered>("gathered"),
                           Method<&RankGroupObject::Post>("post"),
                           Method<&RankGroupObject::Listen>("listen"),
                           Method<&RankGroupObject::Heard>("heard"),
                           Method<&RankGroupObject::Fail>("fail"),
                           Method<&RankGroupObject::Close>("close"),
                           Method<&RankGroupObject::Abort>("abort"),
                           Method<&RankGroupObject::StateOf>("state"),
                           Method<&RankGroupObject::Busy>("busy"),
                           Method<&RankGroupObject::FindLibrary>("find"),
                           Method<&RankGroupObject::Facts>("facts"),
                           Method<&RankGroupObject::LimitThreads>("limitThreads"),
                           Method<&RankGroupObject::Stop>("stop"),
                           Method<&RankGroupObject::ClearStop>("clearStop"),
                       });
  }

  explicit RankGroupObject(const Napi::CallbackInfo& info) try : Operations(info) {
    ReportTo(Properties(Args(info), 0, {"outcome"})["outcome"]);
  } catch (...) {
    RethrowAsError(info.Env());
  }

 private:
  static std::vector<std::string> TextsOf(const Argument& list) {
    std::vector<std::string> texts;
    for (const Argument& text : list.List()) texts.push_back(text.Text());
    return texts;
  }

  static void Describe(const MpiLibrary& library, Napi::Object facts) {
    facts.Set("path", library.Path());
    facts.Set("version", library.Version());
    facts.Set("family", library.Family());
  }

  static Napi::Uint8Array BytesOf(Napi::Env env, const std::string& bytes) {
    Napi::Uint8Array copy = Napi::Uint8Array::New(env, bytes.size());
    std::copy(bytes.begin(), bytes.end(), copy.Data());
    return copy;
  }

  template <class F>
  Napi::Value StartOnGroup(const Napi::CallbackInfo& info, size_t callback_index, const F& body) {
    CheckIdle(info.Env());
    const auto operation = [body](Totals*) {
      body(Group::OfProcess());
      return Outcome{};
    };
    if (Args(info)[callback_index].Given()) {
      return StartElsewhere(info, callback_index, operation, {}, RunOnGroup);
    }
    // (std::promise would need a newer C++ library than the oldest one that the prebuilt addon runs with.)
    Result result;
    std::mutex mutex;
    std::condition_variable changed;
    bool ended = false;
    RunOnGroup([&] {
      result = Complete(operation);
      const std::lock_guard<std::mutex> lock(mutex);
      ended = true;
      changed.notify_one();
    });
    {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return ended; });
    }
    End(&result);
    if (result.failure) throw ErrorOf(info.Env(), result.failure);
    return info.Env().Undefined();
  }

  Napi::Value Open(const Napi::CallbackInfo& info) {
    const Properties given(Args(info), 0, {"libraries", "seconds"});
    const std::vector<std::string> libraries = TextsOf(given["libraries"]);
    const double seconds = given["seconds"].Number();
    if (!(seconds > 0)) throw given["seconds"].Wrong("above 0");
    return StartOnGroup(info, 1, [libraries, seconds](Group& group) { group.Open(libraries, seconds); });
  }

  Napi::Value Gather(const Napi::CallbackInfo& info) {
    const Argument bytes = Args(info)[0];
    const uint8_t* const data = bytes.Array<uint8_t>(0);
    const std::string copy(reinterpret_cast<const char*>(data), bytes.Length());
    return StartOnGroup(info, 1, [this, copy](Group& group) { gathered_ = group.Gather(copy); });
  }

  Napi::Value Gathered(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Napi::Array all = Napi::Array::New(info.Env(), gathered_.size());
    for (size_t rank = 0; rank < gathered_.size(); rank++) {
      all.Set(static_cast<uint32_t>(rank), BytesOf(info.Env(), gathered_[rank]));
    }
    return all;
  }

  // The numbers of other ranks. A process that is alone has none.
  static std::vector<size_t> OtherRanks(const Argument& given) {
    const uint32_t* const numbers = given.Array<uint32_t>(0);
    const std::vector<size_t> ranks(numbers, numbers + given.Length());
    const Group& group = Group::OfProcess();
    const size_t size = group.GetState() == Group::State::kOpen ? group.Size() : 0;
    for (const size_t rank : ranks) {
      if (rank >= size || rank == group.Rank()) throw given.Wrong("other ranks of the group");
    }
    return ranks;
  }

  void Post(const Napi::CallbackInfo& info) {
    const Args args(info);
    const std::vector<size_t> ranks = OtherRanks(args[0]);
    const uint8_t* const data = args[1].Array<uint8_t>(0);
    std::string copy(reinterpret_cast<const char*>(data), args[1].Length());
    Group::OfProcess().Post(ranks, std::move(copy));
  }

  Napi::Value Listen(const Napi::CallbackInfo& info) {
    const std::vector<size_t> ranks = OtherRanks(Args(info)[0]);
    return StartOnGroup(info, 1, [this, ranks](Group& group) { heard_ = group.Listen(ranks); });
  }

  Napi::Value Heard(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Napi::Array all = Napi::Array::New(info.Env(), heard_.size());
    for (size_t i = 0; i < heard_.size(); i++) {
      const Napi::Object letter = Napi::Object::New(info.Env());
      letter.Set("rank", static_cast<double>(heard_[i].rank));
      letter.Set("bytes", BytesOf(info.Env(), heard_[i].bytes));
      all.Set(static_cast<uint32_t>(i), letter);
    }
    heard_.clear();
    return all;
  }

  Napi::Value Fail(const Napi::CallbackInfo& info) {
    const std::string text = Args(info)[0].Text();
    return StartOnGroup(info, 1, [text](Group& group) { group.Fail(text); });
  }

  Napi::Value Close(const Napi::CallbackInfo& info) {
    return StartOnGroup(info, 0, [](Group& group) { group.Close(); });
  }

  void Abort(const Napi::CallbackInfo& info) {
    Group::OfProcess().Abort(static_cast<int>(Args(info)[0].Size(255)));
  }

  Napi::Value StateOf(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(Group::OfProcess().GetState()));
  }

  Napi::Value Busy(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), Group::OfProcess().Busy());
  }

  Napi::Value FindLibrary(const Napi::CallbackInfo& info) {
    const std::vector<std::string> libraries = TextsOf(Args(info)[0]);
    const Napi::Object facts = Napi::Object::New(info.Env());
    if (!libraries.empty()) Describe(*MpiLibrary::Load(libraries), facts);
    return facts;
  }

  Napi::Value Facts(const Napi::CallbackInfo& info) {
    CheckIdle(info.Env());
    const Napi::Object facts = Napi::Object::New(info.Env());
    const Group& group = Group::OfProcess();
    if (group.GetState() != Group::State::kOpen) return facts;
    Describe(group.Library(), facts);
    facts.Set("rank", static_cast<double>(group.Rank()));
    facts.Set("size", static_cast<double>(group.Size()));
    return facts;
  }

  void LimitThreads(const Napi::CallbackInfo& info) { Limit(info); }
  void Stop(const Napi::CallbackInfo&) { control().Stop(); }
  void ClearStop(const Napi::CallbackInfo&) { control().ClearStop(); }

  Control control_;
  std::vector<std::string> gathered_;
  std::vector<Letters::Letter> heard_;
};

}  // namespace

void ExportRankGroup(Napi::Env env, Napi::Object exports) {
  exports.Set("RankGroup", RankGroupObject::Define(env));
}

}  // namespace blasnet
