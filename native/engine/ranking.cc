#include "engine/ranking.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "engine/parallel_sort.h"
#include "engine/pool.h"
#include "kernels/sort.h"

namespace blasnet {
namespace {

// Elements of one piece of work, and those between two looks at the stop flag.
constexpr size_t kPiece = 1024, kLook = size_t{1} << 20;

// A row: its key ascends as the prediction descends, and its weight is negative if the label is no. 0 and -0
// are one prediction.
struct Wide {
  uint64_t key;
  double weight;

  static uint64_t KeyOf(double prediction) { return ~SortKey(prediction + 0.0); }
};

// For predictions in float32 without weights. It takes half the memory, and half the time.
struct Narrow {
  uint32_t key;
  float weight;

  static uint32_t KeyOf(double prediction) {
    const float value = static_cast<float>(prediction + 0.0);
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return (bits >> 31) == 0 ? ~(bits ^ uint32_t{1} << 31) : bits;
  }
};

template <class Row>
void Score(const Comparison& comparison, size_t column, const Control& control, Row* scored) {
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
      scored[row + r] = {Row::KeyOf(predictions[r]),
                         static_cast<decltype(Row::weight)>(labels[r] > 0.5 ? weight : -weight)};
    }
  });
}

template <class Row>
RankingRecord Follow(const Row* sorted, size_t rows, const Control& control) {
  RankingRecord ranking{};
  size_t look = 0;
  for (size_t row = 0; row < rows;) {
    if (row >= look) {
      if (control.Stopped()) break;
      look = row + kLook;
    }
    // The rows of a threshold, in their own order.
    double positives = 0, negatives = 0;
    const auto key = sorted[row].key;
    do {
      const double weight = sorted[row++].weight;
      positives += std::max(weight, 0.0);
      negatives += std::max(-weight, 0.0);
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

// Unlike a vector, this is not filled with zeros first.
template <class Row>
Row* Allocate(size_t rows, std::shared_ptr<void>* memory) {
  memory->reset(new Row[rows], [](void* allocated) { delete[] static_cast<Row*>(allocated); });
  return static_cast<Row*>(memory->get());
}

template <class Row>
Outcome Rank(const Comparison& comparison, const Control& control, RankingMemory* memory, double* rankings) {
  const size_t rows = comparison.rows;
  Row* scored = Allocate<Row>(rows, &memory->rows);
  Row* scratch = Allocate<Row>(rows, &memory->scratch);
  for (size_t column = 0; column < comparison.cols && !control.Stopped(); column++) {
    Score(comparison, column, control, scored);
    const Row* sorted =
        ParallelSort(scored, scratch, rows, [](const Row& row) { return uint64_t{row.key}; }, control);
    if (sorted == nullptr) break;
    WriteRecord(Follow(sorted, rows, control), rankings + column * FieldCount<RankingRecord>());
  }
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

}  // namespace

Outcome RankColumns(const Comparison& comparison, const Control& control, RankingMemory* memory,
                    double* rankings) {
  const bool narrow =
      comparison.predictions.type == NumberType::kFloat32 && comparison.weights.data == nullptr;
  return narrow ? Rank<Narrow>(comparison, control, memory, rankings)
                : Rank<Wide>(comparison, control, memory, rankings);
}

}  // namespace blasnet
