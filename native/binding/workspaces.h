// The workspaces that native objects keep between their operations, in one environment (the main thread, or a
// worker). V8 is told their size.
//
// Node frees dropped native objects only when the event loop turns, so in code that never yields the
// workspaces of dropped networks would pile up. Therefore idle objects keep at most kMostBytes together:
// those that ran last. The others reserve their workspace again when they need it. Only the JavaScript thread
// uses this.
#pragma once

#include <napi.h>

#include <cstddef>
#include <list>

namespace blasnet {

class Workspaces;

// An object with a workspace.
class WorkspaceOwner {
 public:
  virtual ~WorkspaceOwner() = default;
  // Whether an operation runs, so that the workspace is in use.
  virtual bool Busy() const = 0;
  virtual size_t WorkspaceBytes() const = 0;
  virtual void ReleaseWorkspace() = 0;

 private:
  friend class Workspaces;
  size_t reported_ = 0;
  std::list<WorkspaceOwner*>::iterator place_;  // valid if reported_ is not 0
};

class Workspaces {
 public:
  // After an operation of `owner` that used its workspace.
  void Used(Napi::Env env, WorkspaceOwner* owner) {
    Report(env, owner, owner->WorkspaceBytes());
    if (owner->reported_ == 0) return;
    owners_.splice(owners_.begin(), owners_, owner->place_);
    for (auto last = owners_.end(); total_ > kMostBytes && --last != owners_.begin();) {
      WorkspaceOwner* idle = *last;
      if (idle->Busy()) continue;
      ++last;  // Release removes the element before it.
      Release(env, idle);
    }
  }

  void Release(Napi::Env env, WorkspaceOwner* owner) {
    owner->ReleaseWorkspace();
    Report(env, owner, 0);
  }

 private:
  static constexpr size_t kMostBytes = size_t{32} << 20;

  void Report(Napi::Env env, WorkspaceOwner* owner, size_t bytes) {
    if (bytes == owner->reported_) return;
    if (owner->reported_ == 0) owner->place_ = owners_.insert(owners_.begin(), owner);
    if (bytes == 0) owners_.erase(owner->place_);
    const auto change = static_cast<int64_t>(bytes) - static_cast<int64_t>(owner->reported_);
    Napi::MemoryManagement::AdjustExternalMemory(env, change);
    total_ += bytes - owner->reported_;
    owner->reported_ = bytes;
  }

  std::list<WorkspaceOwner*> owners_;  // the one that ran last is the first
  size_t total_ = 0;                   // bytes of all owners
};

}  // namespace blasnet
