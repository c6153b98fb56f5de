#include "tables/column_work.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "engine/parallel_sort.h"

namespace blasnet {
namespace {

// The rows between two questions whether to stop, and between two steps of the mean.
constexpr size_t kBlock = size_t{1} << 12;
// Sums that do not wait for each other.
constexpr size_t kLanes = 8;

// Adds a block to the facts.
void AddBlock(const double* values, size_t count, ColumnFacts* facts) {
  double mean = facts->mean;
  if (facts->present == 0) {
    const double* const first = std::find_if(values, values + count, [](double v) { return v == v; });
    if (first == values + count) return;
    mean = *first;
  }
  // Differences from the mean so far: a constant column has exactly its value as the mean.
  double sums[kLanes] = {}, present[kLanes] = {}, least[kLanes], greatest[kLanes];
  std::fill_n(least, kLanes, facts->least);
  std::fill_n(greatest, kLanes, facts->greatest);
  const auto add = [&](double value, size_t lane) {
    const bool is = value == value;
    sums[lane] += is ? value - mean : 0;
    present[lane] += is ? 1 : 0;
    least[lane] = value < least[lane] ? value : least[lane];
    greatest[lane] = value > greatest[lane] ? value : greatest[lane];
  };
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; lane++) add(values[i + lane], lane);
  }
  for (; i < count; i++) add(values[i], i % kLanes);

  double sum = 0, added = 0;
  for (size_t lane = 0; lane < kLanes; lane++) {
    sum += sums[lane];
    added += present[lane];
    facts->least = std::min(facts->least, least[lane]);
    facts->greatest = std::max(facts->greatest, greatest[lane]);
  }
  if (std::isfinite(facts->least) && std::isfinite(facts->greatest)) {
    facts->least_finite = facts->least;
    facts->greatest_finite = facts->greatest;
  } else {
    for (i = 0; i < count; i++) {
      if (!std::isfinite(values[i])) continue;
      facts->least_finite = std::min(facts->least_finite, values[i]);
      facts->greatest_finite = std::max(facts->greatest_finite, values[i]);
    }
  }
  const auto before = static_cast<double>(facts->present);
  const double all = before + added;
  facts->present += static_cast<size_t>(added);
  if (std::isfinite(sum)) {
    if (all > 0) facts->mean = mean + sum / all;
    return;
  }
  // A difference, or the sum, is beyond the range of a double.
  double share = 0;
  for (i = 0; i < count; i++) share += values[i] == values[i] ? values[i] / added : 0;
  facts->mean = before == 0 ? share : mean * (before / all) + share * (added / all);
}

}  // namespace

Outcome DescribeNumbers(const double* values, size_t rows, ColumnFacts* facts, const Control& control) {
  for (size_t from = 0; from < rows; from += kBlock) {
    if (control.Stopped()) return {Status::kStopped};
    AddBlock(values + from, std::min(kBlock, rows - from), facts);
  }
  return {};
}

template <typename T>
Outcome DescribeIntegers(const T* values, size_t rows, ColumnFacts* facts, const Control& control) {
  int64_t sum = 0;
  size_t present = 0;
  for (size_t from = 0; from < rows; from += kBlock) {
    if (control.Stopped()) return {Status::kStopped};
    const size_t to = std::min(rows, from + kBlock);
    int64_t block = 0;
    for (size_t i = from; i < to; i++) {
      present += values[i] >= 0 ? 1 : 0;
      block += std::max<T>(values[i], 0);
    }
    sum += block;
  }
  facts->present = present;
  facts->mean = present == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(present);
  return {};
}

template Outcome DescribeIntegers(const int8_t*, size_t, ColumnFacts*, const Control&);
template Outcome DescribeIntegers(const int32_t*, size_t, ColumnFacts*, const Control&);

Outcome CountCodes(const int32_t* codes, size_t rows, double* counts, int32_t* order, size_t categories,
                   const Control& control) {
  std::fill_n(counts, categories, 0);
  size_t used = 0;
  for (size_t i = 0; i < rows; i++) {
    if (i % kBlock == 0 && control.Stopped()) return {Status::kStopped};
    if (codes[i] < 0) continue;
    const auto code = static_cast<size_t>(codes[i]);
    if (code >= categories) return {Status::kCodeOutside, i};
    // JavaScript may write to both arrays meanwhile, so that a code seems to be new twice.
    if (counts[code] == 0 && used < categories) order[used++] = codes[i];
    counts[code]++;
  }
  return {Status::kDone, used};
}

Outcome SortRows(const double* values, size_t rows, uint32_t* order, const Control& control) {
  struct Row {
    uint64_t key;
    uint32_t row;
  };
  std::vector<Row> items(rows), scratch(rows);
  for (size_t row = 0; row < rows; row++) {
    // -0 becomes 0, which it is equal to.
    const double value = values[row] + 0.0;
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    // As integers, doubles without a sign are in order, and those with one in the opposite order.
    const uint64_t sign = uint64_t{1} << 63;
    items[row] = {(bits & sign) != 0 ? ~bits : bits | sign, static_cast<uint32_t>(row)};
  }
  const Row* const sorted =
      ParallelSort(items.data(), scratch.data(), rows, [](const Row& row) { return row.key; }, control);
  if (sorted == nullptr) return {Status::kStopped};
  for (size_t i = 0; i < rows; i++) order[i] = sorted[i].row;
  return {};
}

}  // namespace blasnet
