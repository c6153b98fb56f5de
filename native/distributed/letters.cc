#include "distributed/letters.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

namespace blasnet {
namespace {

using Clock = std::chrono::steady_clock;

// Those of meetings are 1 and 2.
constexpr int kLengthTag = 3;
constexpr int kBytesTag = 4;

// A library counts with int.
constexpr size_t kMostMessage = size_t{64} << 20;

// A task takes far longer than these sleeps. They grow with the wait.
constexpr double kShortestSleep = 20e-6;
constexpr double kLongestSleep = 2e-3;
constexpr double kSleepPerWait = 0.1;

template <typename Take>
void InParts(std::string* bytes, const Take& take) {
  for (size_t at = 0; at < bytes->size(); at += kMostMessage) {
    take(bytes->data() + at, std::min(kMostMessage, bytes->size() - at));
  }
}

// Whether all of them have ended. Those that have are removed.
bool Ended(MpiLibrary* library, std::vector<MpiRequest>* requests) {
  const auto ended = [&](MpiRequest& one) { return library->Test(&one); };
  requests->erase(std::remove_if(requests->begin(), requests->end(), ended), requests->end());
  return requests->empty();
}

}  // namespace

void Letters::Post(const std::vector<size_t>& ranks, std::string bytes) {
  const auto shared = std::make_shared<std::string>(std::move(bytes));
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const size_t rank : ranks) posted_.push_back({rank, shared});
}

std::vector<Letters::Letter> Letters::Listen(MpiLibrary* library, const std::vector<size_t>& ranks) {
  for (const size_t rank : ranks) Await(library, rank);
  std::vector<Letter> arrived;
  const auto start = Clock::now();
  for (;;) {
    Send(library);
    for (const size_t rank : ranks) {
      OnItsWay& letter = coming_[rank];
      if (!Arrived(library, rank, &letter)) continue;
      arrived.push_back({rank, std::move(*letter.bytes)});
      coming_.erase(rank);
    }
    if (!arrived.empty() || (ranks.empty() && sent_.empty())) return arrived;
    const double waited = std::chrono::duration<double>(Clock::now() - start).count();
    const double sleep = std::clamp(kSleepPerWait * waited, kShortestSleep, kLongestSleep);
    std::this_thread::sleep_for(std::chrono::duration<double>(sleep));
  }
}

void Letters::Send(MpiLibrary* library) {
  std::deque<Posted> posted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    posted.swap(posted_);
  }
  const auto send = [&](OnItsWay* letter, const void* data, size_t bytes, size_t rank, int tag) {
    letter->requests.emplace_back();
    library->Send(data, bytes, static_cast<int>(rank), tag, &letter->requests.back());
  };
  for (Posted& one : posted) {
    sent_.emplace_back();
    OnItsWay* const letter = &sent_.back();
    letter->length = one.bytes->size();
    letter->bytes = std::move(one.bytes);
    send(letter, &letter->length, sizeof(letter->length), one.rank, kLengthTag);
    InParts(letter->bytes.get(),
            [&](const void* data, size_t bytes) { send(letter, data, bytes, one.rank, kBytesTag); });
  }
  sent_.remove_if([&](OnItsWay& letter) { return Ended(library, &letter.requests); });
}

void Letters::Await(MpiLibrary* library, size_t rank) {
  if (coming_.count(rank) > 0) return;
  OnItsWay& letter = coming_[rank];
  letter.requests.emplace_back();
  library->Receive(&letter.length, sizeof(letter.length), static_cast<int>(rank), kLengthTag,
                   &letter.requests.back());
}

bool Letters::Arrived(MpiLibrary* library, size_t rank, OnItsWay* letter) {
  if (!Ended(library, &letter->requests)) return false;
  if (letter->has_length) return true;
  letter->has_length = true;
  letter->bytes = std::make_shared<std::string>(letter->length, '\0');
  InParts(letter->bytes.get(), [&](void* data, size_t bytes) {
    letter->requests.emplace_back();
    library->Receive(data, bytes, static_cast<int>(rank), kBytesTag, &letter->requests.back());
  });
  return Ended(library, &letter->requests);
}

}  // namespace blasnet
