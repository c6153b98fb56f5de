#include "distributed/group.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#ifdef __linux__
#include <sys/prctl.h>
#endif
#ifndef _WIN32
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace blasnet {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kNoteTag = 1;
constexpr int kDataTag = 2;

// A library counts with int, and so much in one message is as fast as more.
constexpr size_t kMostMessage = size_t{64} << 20;

// Who waits for less than this, waits for a message on its way, and looks for it all the time. Who waits
// longer waits for a slow rank; then the processor may be needed by others.
constexpr double kSpinForNotes = 100e-6;
constexpr double kSpinForData = 20e-3;
// Then the sleeps grow with the wait, between these.
constexpr double kShortestSleep = 20e-6;
constexpr double kLongestSleep = 1e-3;
constexpr double kSleepPerWait = 0.1;

// An abort waits for this long for the launcher to read what the process has written.
constexpr double kLongestReading = 1.0;

double SecondsSince(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

// Waits until the pipe that the process writes its errors to is empty. At an abort, MPICH's launcher leaves
// unread what is still in it, and with it the reason.
void AwaitReader([[maybe_unused]] int file) {
#ifndef _WIN32
  struct stat about{};
  if (fstat(file, &about) != 0 || !S_ISFIFO(about.st_mode)) return;
  const Clock::time_point start = Clock::now();
  int unread = 0;
  while (ioctl(file, FIONREAD, &unread) == 0 && unread > 0 && SecondsSince(start) < kLongestReading)
    std::this_thread::sleep_for(std::chrono::duration<double>(kLongestSleep));
#endif
}

std::string Seconds(double seconds) {
  std::string text = std::to_string(seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + " s";
}

}  // namespace

Group& Group::OfProcess() {
  static Group* group = new Group;
  return *group;
}

void Group::Run(std::function<void()> job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!serving_) {
    std::thread(&Group::Serve, this).detach();
    serving_ = true;
  }
  jobs_.push_back(std::move(job));
  jobs_left_++;
  woken_.notify_one();
}

void Group::Serve() {
#ifdef __linux__
  // Otherwise the system makes each sleep 50 microseconds longer.
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
#endif
  for (;;) {
    std::function<void()> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      woken_.wait(lock, [&] { return !jobs_.empty(); });
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    // Before the job calls back: who then asks whether the group is busy must not hear of this job.
    jobs_left_--;
    job();
  }
}

void Group::Abort(int code) {
  if (state_.load() != State::kOpen && state_.load() != State::kBroken) return;
  AwaitReader(2);
  library_->Abort(code);
}

void Group::Open(const std::vector<std::string>& libraries, double seconds) {
  if (libraries.empty()) return;
  if (begun_)
    throw std::runtime_error("MPI was started before in this process, and can be started only once");
  std::unique_ptr<MpiLibrary> library = MpiLibrary::Load(libraries);
  begun_ = true;
  state_ = State::kStarting;
  try {
    library->Init();
    rank_ = static_cast<size_t>(library->Rank());
    size_ = static_cast<size_t>(library->Size());
    notes_.resize(size_);
  } catch (...) {
    state_ = State::kClosed;
    throw;
  }
  limit_ = seconds;
  library_ = std::move(library);
  state_ = State::kOpen;
}

std::vector<std::string> Group::Gather(const std::string& bytes) {
  Note note{};
  note.purpose = Purpose::kGather;
  note.bytes = bytes.size();
  std::copy_n(bytes.data(), std::min(bytes.size(), Note::kMostText), note.text);
  Meet(note);
  std::vector<std::string> gathered(size_);
  std::vector<RankBytes> sent, received;
  std::string own = bytes;
  for (size_t rank = 0; rank < size_; rank++) {
    const size_t size = notes_[rank].bytes;
    gathered[rank].assign(notes_[rank].text, std::min(size, Note::kMostText));
    if (rank == rank_) {
      gathered[rank] = bytes;
      continue;
    }
    if (size > Note::kMostText) {
      gathered[rank].resize(size);
      received.push_back({rank, gathered[rank].data(), size});
    }
    if (bytes.size() > Note::kMostText) sent.push_back({rank, own.data(), own.size()});
  }
  Exchange(sent, received);
  return gathered;
}

void Group::Fail(const std::string& error) {
  Note note{};
  note.purpose = Purpose::kFail;
  note.bytes = std::min(error.size(), Note::kMostText);
  std::copy_n(error.data(), note.bytes, note.text);
  try {
    Meet(note);
  } catch (const RanksError&) {
    // That of this rank, at which all are now; or the group is broken.
  }
}

std::vector<Letters::Letter> Group::Listen(const std::vector<size_t>& ranks) {
  CheckOpen();
  if (!begun_) return {};
  try {
    return letters_.Listen(library_.get(), ranks);
  } catch (const std::exception& error) {
    Break(Prefix() + error.what() + ", while it exchanged letters with other ranks");
  }
}

void Group::Close() {
  Note note{};
  note.purpose = Purpose::kClose;
  Meet(note);
  if (!begun_) return;
  try {
    library_->Finalize();
  } catch (const std::runtime_error& error) {
    Break(error.what());
  }
  state_ = State::kClosed;
}

bool Group::MeetAtStep(uint64_t step, bool stopped, uint64_t checksum) {
  Note note{};
  note.purpose = Purpose::kStep;
  note.step = step;
  note.stopped = stopped;
  note.checksum = checksum;
  Meet(note);
  for (const Note& other : notes_) stopped |= other.stopped != 0;
  return stopped;
}

void Group::CheckOpen() const {
  if (state_.load() == State::kBroken) throw RanksError(broken_by_);
  if (begun_ && state_.load() != State::kOpen) throw RanksError("The group of ranks is closed");
}

void Group::Meet(Note note) {
  CheckOpen();
  note.meeting = ++meetings_;
  notes_[rank_] = note;
  doing_ = Described(note);
  for (size_t rank = 0; rank < size_; rank++) {
    if (rank != rank_) Receive(&notes_[rank], sizeof(Note), rank, kNoteTag);
  }
  for (size_t rank = 0; rank < size_; rank++) {
    if (rank != rank_) Send(&notes_[rank_], sizeof(Note), rank, kNoteTag);
  }
  Wait(kSpinForNotes);
  CheckNotes(note);
}

void Group::CheckNotes(const Note& own) {
  // All ranks have the same notes, so that all throw for the same one.
  for (size_t rank = 0; rank < size_; rank++) {
    const Note& other = notes_[rank];
    if (other.purpose != Purpose::kFail || other.meeting != own.meeting) continue;
    throw RanksError("Rank " + std::to_string(rank) + " of " + std::to_string(size_) + " cannot go on: " +
                     std::string(other.text, std::min<size_t>(other.bytes, Note::kMostText)));
  }
  for (size_t rank = 0; rank < size_; rank++) {
    const Note& other = notes_[rank];
    if (other.purpose == own.purpose && other.meeting == own.meeting && other.step == own.step) continue;
    Break(Prefix() + "rank " + std::to_string(rank) + " is " + Described(other) + ", while this one is " +
          Described(own) + ": all ranks must make the same calls in the same order");
  }
  for (size_t rank = 0; rank < size_; rank++) {
    if (notes_[rank].checksum == notes_[0].checksum) continue;
    throw RanksError("The parameters of rank " + std::to_string(rank) +
                     " differ from those of rank 0 before step " + std::to_string(own.step + 1) +
                     ": every rank needs the same parameters, instruction set and BLAS");
  }
}

void Group::Exchange(const std::vector<RankBytes>& sent, const std::vector<RankBytes>& received) {
  CheckOpen();
  const auto in_parts = [](const RankBytes& all, const auto& take) {
    for (size_t at = 0; at < all.bytes; at += kMostMessage) {
      take(static_cast<unsigned char*>(all.data) + at, std::min(kMostMessage, all.bytes - at), all.rank);
    }
  };
  for (const RankBytes& part : received) {
    in_parts(part, [&](void* data, size_t bytes, size_t rank) { Receive(data, bytes, rank, kDataTag); });
  }
  for (const RankBytes& part : sent) {
    in_parts(part, [&](void* data, size_t bytes, size_t rank) { Send(data, bytes, rank, kDataTag); });
  }
  Wait(kSpinForData);
}

void Group::Send(const void* data, size_t bytes, size_t rank, int tag) {
  pending_.push_back({rank, {}});
  try {
    library_->Send(data, bytes, static_cast<int>(rank), tag, &pending_.back().request);
  } catch (const std::runtime_error& error) {
    Break(Prefix() + error.what() + ", to rank " + std::to_string(rank) + ", while " + doing_);
  }
}

void Group::Receive(void* data, size_t bytes, size_t rank, int tag) {
  pending_.push_back({rank, {}});
  try {
    library_->Receive(data, bytes, static_cast<int>(rank), tag, &pending_.back().request);
  } catch (const std::runtime_error& error) {
    Break(Prefix() + error.what() + ", from rank " + std::to_string(rank) + ", while " + doing_);
  }
}

void Group::Wait(double spins) {
  auto last = Clock::now();
  while (!pending_.empty()) {
    const size_t before = pending_.size();
    const auto ended = [&](Pending& one) {
      try {
        return library_->Test(&one.request);
      } catch (const std::runtime_error& error) {
        Break(Prefix() + error.what() + ", with rank " + std::to_string(one.rank) + ", while " + doing_);
      }
    };
    pending_.erase(std::remove_if(pending_.begin(), pending_.end(), ended), pending_.end());
    if (pending_.size() < before) {
      last = Clock::now();
      continue;
    }
    const double waited = SecondsSince(last);
    if (waited > limit_) {
      std::string missing;
      std::vector<bool> named(size_);
      for (const Pending& one : pending_) {
        if (named[one.rank]) continue;
        named[one.rank] = true;
        missing += (missing.empty() ? "" : ", ") + std::to_string(one.rank);
      }
      Break(Prefix() + "waited " + Seconds(limit_) + " for rank " + missing + ", while " + doing_);
    }
    if (waited < spins) {
      // Another rank may wait for this processor.
      std::this_thread::yield();
    } else {
      const double sleep = std::clamp(kSleepPerWait * waited, kShortestSleep, kLongestSleep);
      std::this_thread::sleep_for(std::chrono::duration<double>(sleep));
    }
  }
}

void Group::Break(const std::string& message) {
  broken_by_ = message;
  state_ = State::kBroken;
  throw RanksError(message);
}

std::string Group::Prefix() const {
  return "Rank " + std::to_string(rank_) + " of " + std::to_string(size_) + ": ";
}

std::string Group::Described(const Note& note) const {
  switch (note.purpose) {
    case Purpose::kGather:
      return "comparing notes (meeting " + std::to_string(note.meeting) + ")";
    case Purpose::kStep:
      return "in step " + std::to_string(note.step + 1) + " of a training";
    case Purpose::kClose:
      return "closing the group, or at its process's end";
    case Purpose::kFail:
      return "reporting an error";
  }
  return "of another version of blasnet";
}

}  // namespace blasnet
