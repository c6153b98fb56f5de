#include "engine/versions.h"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace blasnet {
namespace {

// A writer looks this often whether the last reader has left: readers do not wake it, since that would cost
// every prediction something.
constexpr auto kPatience = std::chrono::microseconds(100);

}  // namespace

size_t Versions::CurrentPlace() const {
  const int32_t place = Word(kCurrent).load();
  if (place < 0 || static_cast<size_t>(place) >= kPlaces)
    throw std::out_of_range("the control block of shared parameters was overwritten");
  return static_cast<size_t>(place);
}

// In the order of all sequentially consistent accesses, either the writer's look at the readers comes after
// this one's entry, and it waits, or this one's second look comes after the writer's change, and it leaves.
size_t Versions::Enter() const {
  for (;;) {
    const size_t place = CurrentPlace();
    Readers(place).fetch_add(1);
    if (Word(kCurrent).load() == static_cast<int32_t>(place)) return place;
    Readers(place).fetch_sub(1);
  }
}

Outcome Versions::Publish(const Bytes& parameters, const Bytes& statistics, const VersionLayout& layout,
                          unsigned char* memory, size_t element, const Control& control) const {
  const auto wait = [&](const auto& done) {
    while (!done()) {
      if (control.Stopped()) return false;
      std::this_thread::sleep_for(kPatience);
    }
    return true;
  };
  if (!wait([&] {
        int32_t free = 0;
        return Word(kWriting).compare_exchange_strong(free, 1);
      })) {
    return {Status::kStopped};
  }
  // Writers are gone before the environment is: nothing but a return leaves the lock taken.
  struct Unlock {
    std::atomic<int32_t>& word;
    ~Unlock() { word.store(0); }
  } const unlock{Word(kWriting)};
  const size_t current = CurrentPlace(), place = 1 - current;
  if (!wait([&] { return Readers(place).load() == 0; })) return {Status::kStopped};
  unsigned char* const to = memory + place * layout.stride * element;
  const Outcome copied = CopyBytes({parameters, statistics},
                                   {{to, parameters.size}, {to + parameters.size, statistics.size}}, control);
  if (copied.status != Status::kDone) return copied;
  const uint32_t version = VersionAt(current);
  Stored(place).store(static_cast<int32_t>(version));
  Word(kCurrent).store(static_cast<int32_t>(place));
  Outcome outcome;
  outcome.index = size_t{version} + 1;
  return outcome;
}

}  // namespace blasnet
