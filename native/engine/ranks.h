// The processes that train one network together: ranks, numbered from 0. Each has the whole network; each
// computes some of a batch's lanes (lanes.h), and then all of them know the sum. distributed/group.h
// implements this with MPI. The engine calls it on the operation thread of a training, which is the group's
// own thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace blasnet {

// The ranks cannot go on together: one does not answer, does something else, or reported an error. The
// message says which rank, and what it did.
struct RanksError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Bytes that go to a rank, or come from it.
struct RankBytes {
  size_t rank;
  void* data;
  size_t bytes;
};

class Ranks {
 public:
  virtual ~Ranks() = default;

  virtual size_t Rank() const = 0;
  virtual size_t Size() const = 0;

  // Waits until all ranks are at this step. Returns whether any of them was told to stop. Throws RanksError
  // if the checksum, of what must be equal, is not.
  virtual bool MeetAtStep(uint64_t step, bool stopped, uint64_t checksum) = 0;

  // After a meeting: sends bytes to other ranks and receives theirs. What one rank sends to another, the
  // other must receive, in the same order and of the same sizes.
  virtual void Exchange(const std::vector<RankBytes>& sent, const std::vector<RankBytes>& received) = 0;
};

}  // namespace blasnet
