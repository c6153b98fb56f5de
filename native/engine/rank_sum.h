// The sum over ranks of a batch's gradient and losses. Each rank has the sum of its node of the tree
// (lanes.h), or none; afterwards all have the sum of the whole batch, with the bits that one process
// computes.
//
// The arrays are cut into a slice for each rank. Every rank sends each other one that one's slice, adds up
// what it gets for its own, and sends the sum to all. So each sends and receives two arrays at most, however
// many ranks there are.
#pragma once

#include <vector>

#include "engine/lanes.h"
#include "engine/outcome.h"
#include "engine/ranks.h"
#include "kernels/losses.h"

namespace blasnet {

template <typename T>
class RankSum {
 public:
  // Sums `gradient` (size), this rank's node of a batch of `lanes` lanes, unless the node is empty: then it
  // is only written. Adds the batch's losses to `totals`; `own` are those of this rank. `outcome` is how its
  // part ended, and the result is how the batch ended for all: stopped if any rank was, otherwise
  // diverged if any did, in the first layer of all. Other outcomes are kDone. Throws RanksError.
  Outcome Sum(Ranks& ranks, size_t lanes, uint64_t step, uint64_t checksum, const Outcome& outcome,
              const Totals& own, size_t threads, T* gradient, size_t size, Totals* totals);

 private:
  // What a rank knows of its part of a batch, besides the gradient.
  struct Part {
    double loss;
    uint64_t hits;
    uint64_t diverged;
    uint64_t layer;  // of kDiverged
  };

  std::vector<Part> parts_;
  std::vector<std::vector<T>> received_;
};

// A number that differs, almost certainly, if the values differ.
template <typename T>
uint64_t ChecksumOf(const T* values, size_t size);

}  // namespace blasnet
