// The curves of a ranking: of a column's rows, from the largest prediction down.
#pragma once

#include <memory>

#include "engine/comparison.h"
#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/record.h"

namespace blasnet {

// A column's curves. A label above 1/2 is positive. There is a threshold for each distinct prediction of the
// rows whose weight is above 0.
struct RankingRecord {
  double positives;  // the weight of the positive rows
  double negatives;
  double area;        // under the curve of the positives over the negatives at or above a threshold
  double precisions;  // the sum over the thresholds of precision * the positives that it adds

  static constexpr Field<RankingRecord> kFields[] = {{"positives", &RankingRecord::positives},
                                                     {"negatives", &RankingRecord::negatives},
                                                     {"area", &RankingRecord::area},
                                                     {"precisions", &RankingRecord::precisions}};
};

// The rows while they are sorted. To return the memory of many rows to the system takes long, so the caller
// does it when it has reported the outcome.
struct RankingMemory {
  std::shared_ptr<void> rows, scratch;
};

// rankings (cols, RankingRecord), written. Returns kStopped, with unfinished results, if `control` says so.
Outcome RankColumns(const Comparison& comparison, const Control& control, RankingMemory* memory,
                    double* rankings);

}  // namespace blasnet
