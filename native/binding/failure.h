// Turns C++ exceptions into errors of JavaScript. Every call from JavaScript and every job goes through this
// file: an exception that left it would end the process.
#pragma once

#include <napi.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "binding/read_files.h"
#include "engine/file_map.h"
#include "engine/ranks.h"

namespace blasnet {

// Why an operation failed.
enum class FailureKind { kNone, kMemory, kThread, kFile, kRanks, kOther };

struct Failure {
  FailureKind kind = FailureKind::kNone;
  std::string message;  // of kFile, kRanks and kOther

  explicit operator bool() const { return kind != FailureKind::kNone; }
};

// Describes the exception that is being handled. It needs no memory where memory is short.
inline Failure CurrentFailure() noexcept {
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      return {FailureKind::kMemory, {}};
    } catch (const std::length_error&) {
      // A vector of more bytes than there are addresses.
      return {FailureKind::kMemory, {}};
    } catch (const std::system_error&) {
      return {FailureKind::kThread, {}};
    } catch (const RanksError& error) {
      return {FailureKind::kRanks, error.what()};
    } catch (const FileError& error) {
      return {FailureKind::kFile, error.what()};
    } catch (const std::exception& error) {
      return {FailureKind::kOther, std::string("blasnet native: ") + error.what()};
    }
  } catch (...) {
    return {FailureKind::kMemory, {}};
  }
}

inline Napi::Error ErrorOf(Napi::Env env, const Failure& failure) {
  if (failure.kind == FailureKind::kOther) return Napi::Error::New(env, failure.message);
  // The codes are those of lib/base/errors.ts.
  const auto coded = [&](const char* code, const std::string& message) {
    Napi::Error error = Napi::Error::New(env, message);
    error.Set("code", Napi::String::New(env, code));
    return error;
  };
  if (failure.kind == FailureKind::kFile) return coded("ERR_BLASNET_FILE", failure.message);
  if (failure.kind == FailureKind::kRanks) return coded("ERR_BLASNET_RANKS", failure.message);
  if (failure.kind == FailureKind::kMemory) {
    return coded("ERR_BLASNET_MEMORY", "There is not enough memory for this operation");
  }
  return coded(
      "ERR_BLASNET_THREAD",
      "The system has no thread left for this operation: use the synchronous form, or end other threads");
}

// Throws the exception that is being handled again, as an error of JavaScript.
[[noreturn]] inline void RethrowAsError(Napi::Env env) {
  try {
    throw;
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw ErrorOf(env, CurrentFailure());
  }
}

// Also refuses what was computed from mapped files that have lost bytes. (An operation takes the files that
// it reads from the list: see operations.h.)
template <class F>
auto Guarded(Napi::Env env, const F& body) {
  try {
    ForgetReadFiles();
    auto result = body();
    CheckReadFiles();
    return result;
  } catch (...) {
    RethrowAsError(env);
  }
}

// A function for JavaScript.
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value GuardedCall(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] { return function(info); });
}

}  // namespace blasnet
