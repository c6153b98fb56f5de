#include "engine/rows.h"

#include <hwy/cache_control.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "engine/pieces.h"
#include "kernels/rows.h"

namespace blasnet {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 18;  // that a thread copies at a time
constexpr size_t kPieceRows = size_t{1} << 14;   // of weights or labels
constexpr size_t kBlockRows = size_t{1} << 18;   // whose weights are added at a time
constexpr size_t kLookRows = size_t{1} << 16;    // between two looks at the stop flag

// Calls body(pointer) with the array's own type.
template <class F>
auto Typed(const Elements& elements, const F& body) {
  switch (elements.type) {
    case ElementType::kFloat64:
      return body(static_cast<const double*>(elements.data));
    case ElementType::kFloat32:
      return body(static_cast<const float*>(elements.data));
    default:
      return body(static_cast<const int32_t*>(elements.data));
  }
}

void CheckIndices(const std::atomic<bool>& bad) {
  if (bad.load()) throw std::out_of_range("an index of a row is out of range");
}

// Computes the weights of rows [first, last), in double precision. Returns whether all classes are in range.
bool WeighRows(const WeightSources& sources, size_t first, size_t last, double* out) {
  const size_t size = last - first;
  if (sources.weights == nullptr) {
    std::fill_n(out, size, 1.0);
  } else {
    Typed(*sources.weights, [&](const auto* weights) {
      for (size_t i = 0; i < size; i++) out[i] = static_cast<double>(weights[first + i]);
    });
  }
  if (sources.labels == nullptr) return true;
  return Typed(sources.labels->elements, [&](const auto* labels) {
    for (size_t i = 0; i < size; i++) {
      if (out[i] == 0) continue;
      const size_t label = static_cast<uint32_t>(ClassOf(labels, sources.labels->cols, first + i));
      if (label >= sources.classes) return false;
      out[i] *= sources.of_class[label];
    }
    return true;
  });
}

// Like CountClassesIn, without the rows of weight 0.
size_t CountPresentIn(const LabelRows& labels, const Elements& weights, size_t first, size_t last,
                      size_t classes, uint64_t* counts) {
  return Typed(labels.elements, [&](const auto* data) {
    return Typed(weights, [&](const auto* weight) {
      for (size_t row = first; row < last; row++) {
        if (weight[row] == 0) continue;
        if (CountClassesIn(data, labels.cols, row, row + 1, classes, counts) == row) return row;
      }
      return last;
    });
  });
}

}  // namespace

Outcome TakeRows(const void* from, size_t rows, size_t row_bytes, const uint32_t* index, size_t count,
                 void* out, const Control& control) {
  if (row_bytes == 0) return {};
  std::atomic<bool> bad{false};
  const size_t piece = std::max<size_t>(1, kPieceBytes / row_bytes);
  ForPieces(control.Threads(), count, piece, control, [&](size_t first, size_t last, size_t) {
    char* to = static_cast<char*>(out) + first * row_bytes;
    if (!CopyRows(from, rows, row_bytes, index + first, last - first, to)) bad.store(true);
  });
  CheckIndices(bad);
  return Done(control);
}

Outcome CountClasses(const LabelRows& labels, const Elements* weights, size_t classes, double* counts,
                     const Control& control) {
  const size_t threads = control.Threads();
  std::vector<std::vector<uint64_t>> of_slot(threads);
  std::atomic<size_t> bad{labels.rows};
  ForPieces(threads, labels.rows, kPieceRows, control, [&](size_t first, size_t last, size_t slot) {
    of_slot[slot].resize(classes);
    uint64_t* const found = of_slot[slot].data();
    const size_t end = weights != nullptr
                           ? CountPresentIn(labels, *weights, first, last, classes, found)
                           : Typed(labels.elements, [&](const auto* data) {
                               return CountClassesIn(data, labels.cols, first, last, classes, found);
                             });
    if (end < last) Lower(&bad, end);
  });
  std::fill_n(counts, classes, 0.0);
  for (const auto& part : of_slot) {
    for (size_t c = 0; c < part.size(); c++) counts[c] += static_cast<double>(part[c]);
  }
  Outcome outcome = Done(control);
  outcome.index = bad.load();
  return outcome;
}

Outcome Stratify(const LabelRows& labels, const double* quotas, size_t classes, uint32_t* order,
                 const Control& control) {
  constexpr size_t kAhead = 16;
  const size_t rows = labels.rows;
  std::vector<double> left(quotas, quotas + classes);
  double all_left = 0;
  for (const double quota : left) all_left += std::max(0.0, quota);
  std::vector<uint32_t> moved;
  size_t kept = 0, i = 0;
  const bool in_range = Typed(labels.elements, [&](const auto* data) {
    for (; i < rows && all_left > 0; i++) {
      if (i % kLookRows == 0 && control.Stopped()) return true;
      const uint32_t row = ReadOnce(order + i);
      if (row >= rows) return false;
      if (i + kAhead < rows) {
        hwy::Prefetch(data + std::min<size_t>(order[i + kAhead], rows - 1) * labels.cols);
      }
      const size_t label = static_cast<uint32_t>(ClassOf(data, labels.cols, row));
      if (label < classes && left[label] > 0) {
        left[label]--;
        all_left--;
        moved.push_back(row);
      } else {
        order[kept++] = row;
      }
    }
    return true;
  });
  if (!in_range) throw std::out_of_range("an index of a row is out of range");
  for (size_t part = 0; i < rows && !control.Stopped(); i += part) {
    part = std::min(kBlockRows, rows - i);
    std::copy_n(order + i, part, order + kept);
    kept += part;
  }
  if (control.Stopped()) return {Status::kStopped};
  std::copy(moved.begin(), moved.end(), order + kept);
  return {};
}

Outcome CheckOrder(const uint32_t* order, size_t rows, const Control& control) {
  std::vector<bool> seen(rows);
  for (size_t i = 0; i < rows; i++) {
    if (i % kLookRows == 0 && control.Stopped()) return Done(control);
    const uint32_t row = ReadOnce(order + i);
    if (row >= rows || seen[row]) return {Status::kDone, i};
    seen[row] = true;
  }
  return {Status::kDone, rows};
}

template <typename T>
Outcome EncodeClasses(const int32_t* numbers, size_t rows, size_t classes, size_t cols, double off, double on,
                      T* out, const Control& control) {
  std::atomic<bool> bad{false};
  const size_t before = classes - cols, piece = std::max<size_t>(1, kPieceBytes / (cols * sizeof(T)));
  ForPieces(control.Threads(), rows, piece, control, [&](size_t first, size_t last, size_t) {
    std::fill(out + first * cols, out + last * cols, static_cast<T>(off));
    for (size_t row = first; row < last; row++) {
      // A negative class becomes one that is too large.
      const size_t number = static_cast<uint32_t>(ReadOnce(numbers + row));
      if (number >= classes) return bad.store(true);
      if (number >= before) out[row * cols + number - before] = static_cast<T>(on);
    }
  });
  CheckIndices(bad);
  return Done(control);
}

template <typename T>
Outcome DecideClasses(const T* outputs, size_t rows, size_t cols, const double* threshold, int32_t* numbers,
                      const Control& control) {
  std::atomic<size_t> bad{rows * cols};
  const size_t piece = std::max<size_t>(1, kPieceBytes / (cols * sizeof(T)));
  ForPieces(control.Threads(), rows, piece, control, [&](size_t first, size_t last, size_t) {
    for (size_t i = first * cols; i < last * cols; i++) {
      if (std::isnan(outputs[i])) return Lower(&bad, i);
    }
    for (size_t row = first; row < last; row++) {
      const T* output = outputs + row * cols;
      if (threshold != nullptr) {
        numbers[row] = static_cast<double>(*output) > *threshold ? 1 : 0;
      } else {
        numbers[row] = static_cast<int32_t>(std::max_element(output, output + cols) - output);
      }
    }
  });
  Outcome outcome = Done(control);
  outcome.index = bad.load();
  return outcome;
}

Outcome CheckWeights(const Elements& weights, size_t count, Totals* totals, const Control& control) {
  return Typed(weights, [&](const auto* data) -> Outcome {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
      if (i % kLookRows == 0 && control.Stopped()) return {Status::kStopped};
      const double weight = static_cast<double>(data[i]);
      if (!(weight >= 0 && std::isfinite(weight))) return {Status::kDone, i};
      sum += weight;
    }
    totals->loss = sum;
    return {Status::kDone, count};
  });
}

Outcome ListPresent(const Elements& weights, size_t rows, uint32_t* order, const Control& control) {
  return Typed(weights, [&](const auto* data) -> Outcome {
    size_t count = 0;
    std::vector<uint32_t> others;
    for (size_t row = 0; row < rows; row++) {
      if (row % kLookRows == 0 && control.Stopped()) return {Status::kStopped};
      if (data[row] != 0) {
        order[count++] = static_cast<uint32_t>(row);
      } else {
        others.push_back(static_cast<uint32_t>(row));
      }
    }
    // Another thread may have changed the weights, but every row is in one of the two parts.
    std::copy(others.begin(), others.end(), order + count);
    return {Status::kDone, count};
  });
}

template <typename T>
Outcome Weigh(const WeightSources& sources, double scale, T* out, Totals* totals, const Control& control) {
  const size_t rows = sources.rows;
  std::atomic<bool> bad{false};
  std::atomic<size_t> beyond{rows}, present{0};
  // Threads compute a block of weights, which are then added one by one.
  std::vector<double> block(std::min(rows, kBlockRows));
  double sum = 0;
  for (size_t start = 0; start < rows && !control.Stopped() && !bad.load(); start += kBlockRows) {
    const size_t size = std::min(kBlockRows, rows - start);
    ForPieces(control.Threads(), size, kPieceRows, control, [&](size_t first, size_t last, size_t) {
      if (!WeighRows(sources, start + first, start + last, block.data() + first)) return bad.store(true);
      size_t count = 0;
      for (size_t i = first; i < last; i++) {
        const T weight = static_cast<T>(block[i] * scale);
        out[start + i] = weight;
        count += weight != 0;
        if (!std::isfinite(weight)) Lower(&beyond, start + i);
      }
      present += count;
    });
    for (size_t i = 0; i < size; i++) sum += block[i];
  }
  CheckIndices(bad);
  totals->loss = sum;
  totals->hits = present.load();
  Outcome outcome = Done(control);
  outcome.index = beyond.load();
  return outcome;
}

template Outcome EncodeClasses<double>(const int32_t*, size_t, size_t, size_t, double, double, double*,
                                       const Control&);
template Outcome EncodeClasses<float>(const int32_t*, size_t, size_t, size_t, double, double, float*,
                                      const Control&);
template Outcome DecideClasses<double>(const double*, size_t, size_t, const double*, int32_t*,
                                       const Control&);
template Outcome DecideClasses<float>(const float*, size_t, size_t, const double*, int32_t*, const Control&);
template Outcome Weigh<double>(const WeightSources&, double, double*, Totals*, const Control&);
template Outcome Weigh<float>(const WeightSources&, double, float*, Totals*, const Control&);

}  // namespace blasnet
