#include "engine/ranking.h"

#include <algorithm>
#include <array>
#include <memory>

#include "engine/parallel_sort.h"
#include "engine/pool.h"
#include "kernels/sort.h"

namespace blasnet {
namespace {

// Elements of one piece of work, and those between two looks at the stop flag.
constexpr size_t kPiece = 1024, kLook = size_t{1} << 20;

struct Scored {
  uint64_t key;   // ascends as the prediction descends
  double weight;  // negative if the label is no
};

// 0 and -0 are one prediction.
uint64_t DescendingKey(double prediction) { return ~SortKey(prediction + 0.0); }

void Score(const Comparison& comparison, size_t column, const Control& control, Scored* scored) {
  const size_t rows = comparison.rows, cols = comparison.cols;
  ParallelFor(control.ThreadLimit(), (rows + kPiece - 1) / kPiece, [&](size_t piece, size_t) {
    if (control.Stopped()) return;
    const size_t row = piece * kPiece, count = std::min(kPiece, rows - row);
    std::array<double, kPiece> scratch[3];
    const double* labels = ReadLabels(comparison, column, row, count, scratch[0].data());
    const double* predictions =
        ReadNumbers(comparison.predictions, row * cols + column, cols, count, scratch[1].data());
    const double* weights = comparison.weights.data == nullptr
                                ? nullptr
                                : ReadNumbers(comparison.weights, row, count, scratch[2].data());
    for (size_t r = 0; r < count; r++) {
      const double weight = weights == nullptr ? 1 : weights[r];
      scored[row + r] = {DescendingKey(predictions[r]), labels[r] > 0.5 ? weight : -weight};
    }
  });
}

RankingRecord Follow(const Scored* sorted, size_t rows, const Control& control) {
  RankingRecord ranking{};
  size_t look = 0;
  for (size_t row = 0; row < rows;) {
    if (row >= look) {
      if (control.Stopped()) break;
      look = row + kLook;
    }
    // The rows of a threshold, in their own order.
    double positives = 0, negatives = 0;
    const uint64_t key = sorted[row].key;
    do {
      positives += std::max(sorted[row].weight, 0.0);
      negatives += std::max(-sorted[row].weight, 0.0);
      row++;
    } while (row < rows && sorted[row].key == key);
    if (positives == 0 && negatives == 0) continue;
    const double found = ranking.positives, passed = ranking.negatives;
    ranking.positives += positives;
    ranking.negatives += negatives;
    ranking.area += (ranking.negatives - passed) * (ranking.positives + found) / 2;
    ranking.precisions +=
        (ranking.positives - found) * (ranking.positives / (ranking.positives + ranking.negatives));
  }
  return ranking;
}

}  // namespace

Outcome RankColumns(const Comparison& comparison, const Control& control, double* rankings) {
  // Not a vector, which would first fill them with zeros.
  const std::unique_ptr<Scored[]> scored(new Scored[comparison.rows]), scratch(new Scored[comparison.rows]);
  for (size_t column = 0; column < comparison.cols && !control.Stopped(); column++) {
    Score(comparison, column, control, scored.get());
    const Scored* sorted = ParallelSort(
        scored.get(), scratch.get(), comparison.rows, [](const Scored& row) { return row.key; }, control);
    if (sorted == nullptr) break;
    WriteRecord(Follow(sorted, comparison.rows, control), rankings + column * FieldCount<RankingRecord>());
  }
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

}  // namespace blasnet
