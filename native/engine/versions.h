// Versions of a network's parameters and running moments, in memory that all threads of the process share.
// There are two places for them. Readers compute with the current one. A writer fills the other one when
// nobody reads it any more, and then makes it current: so a reader has the old version or the new one, and
// never a mixture.
//
// Readers take no lock. A reader announces itself at the current place; if another place has become current
// in the meantime, it tries again. All this happens within one native call or one job: JavaScript, which may
// be terminated at any point, never holds a place.
//
// The control block is on a SharedArrayBuffer, and JavaScript could write nonsense into it. Then calls fail,
// or see a mixture, but no access leaves the memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "engine/arrays.h"
#include "engine/control.h"
#include "engine/outcome.h"

namespace blasnet {

// Where the parts of a version are; all counts are elements of T.
struct VersionLayout {
  size_t parameters;
  size_t statistics;  // they follow the parameters
  size_t stride;      // from one place to the next
};

class Versions {
 public:
  static constexpr size_t kPlaces = 2;
  // The int32_t of the control block: 16 for what is common to all places, and 16 for each place, so that
  // threads that count their readers share no cache line with others.
  static constexpr size_t kControl = 16 * (1 + kPlaces);

  // `control` (kControl): zeros at first, for a memory whose first place has version 1.
  explicit Versions(int32_t* control) : control_(control) {}

  // Keeps the version that is current when it is made in place.
  class Claim {
   public:
    explicit Claim(const Versions& versions) : versions_(versions), place_(versions.Enter()) {}
    ~Claim() { versions_.Readers(place_).fetch_sub(1); }
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;

    size_t Place() const { return place_; }
    uint32_t Version() const { return versions_.VersionAt(place_); }

   private:
    const Versions& versions_;
    const size_t place_;
  };

  // The number of the current version: 1, 2, ...
  uint32_t Current() const { return Claim(*this).Version(); }

  // Copies parameters and running moments to the place that is not current, when its last reader has left,
  // and makes it current. Several writers do so one after another. Outcome: index is the number of the new
  // version.
  Outcome Publish(const Bytes& parameters, const Bytes& statistics, const VersionLayout& layout,
                  unsigned char* memory, size_t element, const Control& control) const;

 private:
  // The words of the control block.
  enum : size_t { kCurrent = 0, kWriting = 1, kReaders = 0, kVersion = 1 };

  std::atomic<int32_t>& Word(size_t index) const {
    static_assert(sizeof(std::atomic<int32_t>) == sizeof(int32_t) &&
                  std::atomic<int32_t>::is_always_lock_free);
    return *reinterpret_cast<std::atomic<int32_t>*>(control_ + index);
  }
  std::atomic<int32_t>& Readers(size_t place) const { return Word(16 * (1 + place) + kReaders); }
  // Counted from 0 there, so that a block of zeros is valid.
  std::atomic<int32_t>& Stored(size_t place) const { return Word(16 * (1 + place) + kVersion); }
  // Unsigned, since the block may hold any number.
  uint32_t VersionAt(size_t place) const { return static_cast<uint32_t>(Stored(place).load()) + 1; }

  size_t CurrentPlace() const;
  size_t Enter() const;

  int32_t* control_;
};

}  // namespace blasnet
