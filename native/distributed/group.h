// The group of this process: the ranks that a launcher, such as mpirun, started together. A process has one.
// Its own thread starts MPI, makes all of its calls, and runs the trainings that use it: then the calls need
// no other thread. Only Abort may be called on another one.
//
// All ranks do the same things in the same order. Before each of them they meet: every rank sends every other
// one a note that says what it is about to do. So a rank that does something else, reports an error, or ends
// is found out, and named. A rank that does not come at all is found by the time limit.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "distributed/letters.h"
#include "distributed/mpi_library.h"
#include "engine/ranks.h"

namespace blasnet {

class Group final : public Ranks {
 public:
  // The group of the process. It is never destroyed.
  static Group& OfProcess();

  enum class State {
    kClosed,   // not begun: then it has this process alone; or ended
    kOpen,     // MPI runs
    kBroken,   // a rank did not answer, or did something else: nothing but Abort is possible
    kStarting  // MPI starts
  };
  State GetState() const { return state_.load(); }
  // Whether the group's thread runs a job, or has one to run.
  bool Busy() const { return jobs_left_.load() > 0; }

  // Runs the job on the group's thread, after earlier ones. It must not throw.
  void Run(std::function<void()> job);

  // Ends all ranks with this exit code. Safe on any thread, while the group's own is in a call.
  void Abort(int code);

  // Any thread may post a letter to other ranks; Listen sends it.
  void Post(const std::vector<size_t>& ranks, std::string bytes) { letters_.Post(ranks, std::move(bytes)); }

  // The rest is called on the group's thread.

  // Loads the first library that is there, and starts MPI; without names, does nothing. `seconds`: the time
  // limit of each wait. Throws std::runtime_error if there is no library, or if the group was begun before:
  // MPI cannot be started twice.
  void Open(const std::vector<std::string>& libraries, double seconds);
  const MpiLibrary& Library() const { return *library_; }

  // Gathers bytes from all ranks: returns them in the order of the ranks. Throws RanksError.
  std::vector<std::string> Gather(const std::string& bytes);
  // Takes part in the meeting at which the others are, or to which they come, only to report an error: it is
  // thrown there. The ranks can go on together after it.
  void Fail(const std::string& error);
  // Sends the letters that were posted, and waits for one of these ranks: see Letters. The others must
  // listen, too. Throws RanksError.
  std::vector<Letters::Letter> Listen(const std::vector<size_t>& ranks);
  // Ends MPI when all ranks close the group. If one does not, throws RanksError.
  void Close();

  size_t Rank() const override { return rank_; }
  size_t Size() const override { return size_; }
  bool MeetAtStep(uint64_t step, bool stopped, uint64_t checksum) override;
  void Exchange(const std::vector<RankBytes>& sent, const std::vector<RankBytes>& received) override;

 private:
  enum class Purpose : uint32_t { kGather = 0x626e0001, kStep, kClose, kFail };

  // What a rank tells the others before they do something together. Of one size, so that it can be received
  // whatever it says.
  struct Note {
    static constexpr size_t kMostText = 464;

    Purpose purpose;
    uint32_t stopped;  // of a step
    uint64_t meeting;  // its number
    uint64_t step;
    uint64_t checksum;  // of a step
    uint64_t bytes;     // what a rank gathers, or the length of its error
    uint64_t unused;
    char text[kMostText];  // the bytes, if they fit; or the error's beginning
  };
  static_assert(sizeof(Note) == 512);

  struct Pending {
    size_t rank;
    MpiRequest request;
  };

  Group() = default;

  void Serve();
  void CheckOpen() const;
  // Sends the note to all, and receives theirs. Throws RanksError if one reports an error, or has another
  // purpose.
  void Meet(Note note);
  void CheckNotes(const Note& own);
  // Waits for operations of MPI. `spins`: seconds without a sleep.
  void Wait(double spins);
  void Send(const void* data, size_t bytes, size_t rank, int tag);
  void Receive(void* data, size_t bytes, size_t rank, int tag);
  [[noreturn]] void Break(const std::string& message);
  std::string Described(const Note& note) const;
  std::string Prefix() const;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::deque<std::function<void()>> jobs_;
  std::atomic<size_t> jobs_left_{0};
  bool serving_ = false;

  std::atomic<State> state_{State::kClosed};
  bool begun_ = false;
  std::string broken_by_;
  std::unique_ptr<MpiLibrary> library_;
  size_t rank_ = 0;
  size_t size_ = 1;
  double limit_ = 0;
  uint64_t meetings_ = 0;
  std::vector<Note> notes_{1};  // of the last meeting, one for each rank
  std::vector<Pending> pending_;
  Letters letters_;
  std::string doing_;  // what this rank waits in, for messages
};

}  // namespace blasnet
