// An exception that is thrown again later, or on another thread. (std::exception_ptr would need a newer C++
// library than the prebuilt addon may ask for.)
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

namespace blasnet {

// Any number of threads may read it, or one may write it.
class CaughtException {
 public:
  // Whether there is one.
  bool Any() const { return kind_ != Kind::kNone; }

  // Keeps the exception that is being handled.
  void Catch() {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      kind_ = Kind::kMemory;
    } catch (const std::length_error&) {
      // A vector of more bytes than there are addresses.
      kind_ = Kind::kMemory;
    } catch (const std::system_error& error) {
      kind_ = Kind::kSystem;
      code_ = error.code();
    } catch (const std::exception& error) {
      kind_ = Kind::kOther;
      std::strncpy(message_, error.what(), sizeof message_ - 1);
    } catch (...) {
      kind_ = Kind::kOther;
    }
  }

  [[noreturn]] void Throw() const {
    if (kind_ == Kind::kMemory) throw std::bad_alloc();
    if (kind_ == Kind::kSystem) throw std::system_error(code_);
    throw std::runtime_error(message_);
  }

 private:
  enum class Kind { kNone, kMemory, kSystem, kOther };

  Kind kind_ = Kind::kNone;
  std::error_code code_;
  char message_[200] = "an operation failed";
};

}  // namespace blasnet
