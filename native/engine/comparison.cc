#include "engine/comparison.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "engine/pieces.h"
#include "engine/pool.h"
#include "kernels/read_once.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// Elements of one piece of work, and pieces between two looks at the stop flag.
constexpr size_t kPiece = 4096, kPieces = 32;
// With fewer elements, other threads do not help.
constexpr size_t kSmall = size_t{1} << 16;

Outcome Ended(const Control& control) { return {control.Stopped() ? Status::kStopped : Status::kDone}; }

// All columns of rows row .. row + count.
RowBlock ReadRows(const Comparison& comparison, size_t row, size_t count, double* labels,
                  double* predictions) {
  const size_t cols = comparison.cols, from = row * cols, size = count * cols;
  RowBlock block{labels, ReadNumbers(comparison.predictions, from, size, predictions), count, cols};
  if (!comparison.indices) {
    block.labels = ReadNumbers(comparison.labels, from, size, labels);
    return block;
  }
  std::fill_n(labels, size, 0.0);
  for (size_t r = 0; r < count; r++) {
    double index = 0;
    const double column = ReadOnce(ReadNumbers(comparison.labels, row + r, 1, &index));
    // Another thread may have changed the label since it was checked.
    if (column >= 0 && column < static_cast<double>(cols)) labels[r * cols + static_cast<size_t>(column)] = 1;
  }
  return block;
}

// Whether the labels say which column is the row's class. Indices always do.
enum class Classes { kNone, kOneHot };

Classes ClassesOf(const Comparison& comparison, bool classes) {
  return classes && !comparison.indices ? Classes::kOneHot : Classes::kNone;
}

// The first row of the block that has a weight, but no label above 0; or the number of rows.
size_t FirstWithoutClass(const Comparison& comparison, size_t start, const RowBlock& block) {
  for (size_t r = 0; (r = FirstRowOfZeros(block.labels, block.cols, r, block.rows)) < block.rows; r++) {
    if (comparison.weights.data == nullptr) return r;
    double weight = 0;
    if (*ReadNumbers(comparison.weights, start + r, 1, &weight) > 0) return r;
  }
  return block.rows;
}

// Computes `width` values for each row on several threads: compute(block, values). Then adds them up on this
// thread, in the order of the rows: take(rows, values, weights), where weights may be null. Outcome:
// kNoClass, with its index, if a row has no class but needs one.
template <typename V, class Compute, class Take>
Outcome InOrder(const Comparison& comparison, Classes classes, size_t width, const Control& control,
                const Compute& compute, const Take& take) {
  const size_t rows = comparison.rows, cols = std::max<size_t>(1, comparison.cols);
  if (rows == 0) return Ended(control);
  const size_t piece = std::max<size_t>(1, kPiece / cols), batch = std::min(rows, piece * kPieces);
  const size_t threads = rows * cols < kSmall ? 1 : control.Threads();
  std::vector<V> values(batch * width);
  std::vector<double> scratch(threads * 2 * piece * cols), weights(batch);
  std::atomic<size_t> without_class{rows};
  for (size_t row = 0; row < rows && !control.Stopped(); row += batch) {
    const size_t count = std::min(batch, rows - row);
    ParallelFor(threads, (count + piece - 1) / piece, [&](size_t i, size_t slot) {
      const size_t start = i * piece;
      double* labels = scratch.data() + slot * 2 * piece * cols;
      const RowBlock block =
          ReadRows(comparison, row + start, std::min(piece, count - start), labels, labels + piece * cols);
      if (classes == Classes::kOneHot) {
        const size_t bad = FirstWithoutClass(comparison, row + start, block);
        if (bad < block.rows) return Lower(&without_class, row + start + bad);
      }
      compute(block, values.data() + start * width);
    });
    if (without_class.load() < rows) return {Status::kNoClass, without_class.load()};
    const bool weighted = comparison.weights.data != nullptr;
    take(count, values.data(),
         weighted ? ReadNumbers(comparison.weights, row, count, weights.data()) : nullptr);
  }
  return Ended(control);
}

double At(const double* weights, size_t row) { return weights == nullptr ? 1 : weights[row]; }

// sums (width) += the weighted values (count, width)
void AddWeighted(size_t count, size_t width, const double* values, const double* weights, double* sums) {
  if (width == 1) {
    double sum = *sums;
    for (size_t r = 0; r < count; r++) sum += At(weights, r) * values[r];
    *sums = sum;
    return;
  }
  for (size_t r = 0; r < count; r++) {
    const double weight = At(weights, r);
    for (size_t i = 0; i < width; i++) sums[i] += weight * values[r * width + i];
  }
}

// add(&records[c], r, c) for each row and column. The record of a single column stays in registers.
template <class Record, class F>
void EachColumn(std::vector<Record>& records, size_t rows, const F& add) {
  if (records.size() == 1) {
    Record record = records[0];
    for (size_t r = 0; r < rows; r++) add(&record, r, 0);
    records[0] = record;
    return;
  }
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < records.size(); c++) add(&records[c], r, c);
  }
}

template <class Record>
void WriteAll(const std::vector<Record>& records, double* numbers) {
  for (size_t i = 0; i < records.size(); i++) WriteRecord(records[i], numbers + i * FieldCount<Record>());
}

}  // namespace

const double* ReadLabels(const Comparison& comparison, size_t column, size_t row, size_t count,
                         double* scratch) {
  const size_t cols = comparison.cols;
  if (!comparison.indices) {
    return ReadNumbers(comparison.labels, row * cols + column, cols, count, scratch);
  }
  const double* indices = ReadNumbers(comparison.labels, row, count, scratch);
  for (size_t r = 0; r < count; r++) scratch[r] = indices[r] == static_cast<double>(column) ? 1 : 0;
  return scratch;
}

Outcome CheckNumbers(const Numbers& numbers, size_t size, LabelRule rule, size_t classes,
                     const Control& control) {
  std::vector<double> scratch(std::min(size, kPiece));
  for (size_t from = 0; from < size && !control.Stopped(); from += kPiece) {
    const size_t count = std::min(kPiece, size - from);
    const size_t bad =
        numbers.type == NumberType::kFloat32
            ? FirstBadLabel(rule, classes, static_cast<const float*>(numbers.data) + from, count)
            : FirstBadLabel(rule, classes, ReadNumbers(numbers, from, count, scratch.data()), count);
    if (bad != count) return {Status::kLabelOutside, from + bad};
  }
  return Ended(control);
}

Outcome SumRows(const Comparison& comparison, RowValue value, const DecisionRule& rule,
                const Control& control, double* sums) {
  const size_t width = ValuesPerRow(value, comparison.cols);
  std::fill_n(sums, 1 + width, 0.0);
  const Classes classes = ClassesOf(comparison, rule.classes || value == RowValue::kTopKHit);
  return InOrder<double>(
      comparison, classes, width, control,
      [&](const RowBlock& block, double* values) { RowValues(value, rule, block, values); },
      [&](size_t count, const double* values, const double* weights) {
        double total = *sums;
        if (weights == nullptr) total += static_cast<double>(count);
        for (size_t r = 0; weights != nullptr && r < count; r++) total += weights[r];
        *sums = total;
        AddWeighted(count, width, values, weights, sums + 1);
      });
}

Outcome SumDeviations(const Comparison& comparison, const double* means, const Control& control,
                      double* sums) {
  const size_t cols = comparison.cols, width = 3 * cols;
  std::vector<DeviationRecord> totals(cols);
  std::vector<double> labels(cols), scratch(cols);
  if (comparison.rows > 0) {
    const RowBlock first = ReadRows(comparison, 0, 1, labels.data(), scratch.data());
    if (first.labels != labels.data()) std::copy_n(first.labels, cols, labels.data());
  }
  const Outcome outcome = InOrder<double>(
      comparison, Classes::kNone, width, control,
      [&](const RowBlock& block, double* values) { RowDeviations(block, means, labels.data(), values); },
      [&](size_t count, const double* values, const double* weights) {
        EachColumn(totals, count, [&](DeviationRecord* total, size_t r, size_t c) {
          const double* value = values + r * width + 3 * c;
          total->residual += At(weights, r) * value[0];
          total->spread += At(weights, r) * value[1];
          total->differ += value[2];
        });
      });
  for (DeviationRecord& total : totals) total.differ = total.differ == 0 ? 0 : 1;
  WriteAll(totals, sums);
  return outcome;
}

Outcome CountDecisions(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                       double* counts) {
  const size_t cols = comparison.cols, width = DecisionsPerRow(rule, cols);
  // A label counts in an average even if it does not occur.
  std::vector<CountRecord> sums(cols, CountRecord{0, 0, 0, rule.classes ? 0.0 : 1.0});
  const Outcome outcome = InOrder<uint32_t>(
      comparison, ClassesOf(comparison, rule.classes), width, control,
      [&](const RowBlock& block, uint32_t* decisions) { RowDecisions(rule, block, decisions); },
      [&](size_t count, const uint32_t* decisions, const double* weights) {
        if (!rule.classes) {
          EachColumn(sums, count, [&](CountRecord* sum, size_t r, size_t c) {
            const double weight = At(weights, r);
            const uint32_t decision = decisions[r * width + c];
            // Adding 0 changes no bit, and needs no branch that depends on the data.
            sum->actual += (decision & 1) != 0 ? weight : 0;
            sum->predicted += (decision & 2) != 0 ? weight : 0;
            sum->hits += decision == 3 ? weight : 0;
          });
          return;
        }
        for (size_t r = 0; r < count; r++) {
          const double weight = At(weights, r);
          const uint32_t* row = decisions + r * width;
          CountRecord &label = sums[row[0]], &guess = sums[row[1]];
          label.actual += weight;
          guess.predicted += weight;
          if (row[0] == row[1]) label.hits += weight;
          label.occurs = guess.occurs = 1;
        }
      });
  WriteAll(sums, counts);
  return outcome;
}

Outcome CountConfusions(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                        double* matrix) {
  const size_t classes = comparison.cols == 1 ? 2 : comparison.cols;
  const size_t width = DecisionsPerRow(rule, comparison.cols);
  std::fill_n(matrix, classes * classes, 0.0);
  if (classes == 0) return Ended(control);
  return InOrder<uint32_t>(
      comparison, ClassesOf(comparison, rule.classes), width, control,
      [&](const RowBlock& block, uint32_t* decisions) { RowDecisions(rule, block, decisions); },
      [&](size_t count, const uint32_t* decisions, const double* weights) {
        for (size_t r = 0; r < count; r++) {
          const uint32_t* row = decisions + r * width;
          const size_t from = rule.classes ? row[0] : row[0] & 1, to = rule.classes ? row[1] : row[0] >> 1;
          matrix[from * classes + to] += At(weights, r);
        }
      });
}

Outcome CountBins(const Comparison& comparison, const DecisionRule& rule, const Control& control,
                  double* bins) {
  const size_t width = ChancesPerRow(rule, comparison.cols);
  std::vector<BinRecord> sums(rule.k);
  const Outcome outcome = InOrder<Chance>(
      comparison, ClassesOf(comparison, rule.classes), width, control,
      [&](const RowBlock& block, Chance* chances) { RowChances(rule, block, chances); },
      [&](size_t count, const Chance* chances, const double* weights) {
        for (size_t i = 0; i < count * width; i++) {
          const double weight = At(weights, i / width);
          BinRecord& bin = sums[BinOf(chances[i].probability, rule.k)];
          bin.weight += weight;
          bin.predicted += weight * chances[i].probability;
          bin.observed += weight * chances[i].came_true;
        }
      });
  WriteAll(sums, bins);
  return outcome;
}

}  // namespace blasnet
