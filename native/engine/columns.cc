#include "engine/columns.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/pool.h"
#include "kernels/sort.h"

namespace blasnet {
namespace {

constexpr size_t kGroup = 8;       // neighbouring columns that one pass takes together: a cache line
constexpr size_t kPiece = 16'384;  // rows between two looks at the stop flag
constexpr size_t kNoRow = SIZE_MAX;

// Neighbouring columns, selected ones from .. to.
struct Group {
  size_t from;
  size_t to;
};

template <typename T>
std::vector<Group> GroupsOf(const Columns<T>& given) {
  std::vector<Group> groups;
  for (size_t i = 0; i < given.count; i++) {
    const bool joins =
        !groups.empty() && i - groups.back().from < kGroup && given.columns[i] == given.columns[i - 1] + 1;
    if (joins) {
      groups.back().to = i + 1;
    } else {
      groups.push_back({i, i + 1});
    }
  }
  return groups;
}

// Threads for work that takes about `operations` operations of a matrix product for each element.
template <typename T>
size_t ThreadsFor(const Columns<T>& given, size_t operations, const Control& control) {
  return given.rows * given.count * operations < kParallelWork ? 1 : control.Threads();
}

// The first bad row of each column, as the operation's outcome.
template <typename T>
Outcome OutcomeOf(const Columns<T>& given, const std::vector<size_t>& bad_rows, const Control& control) {
  if (control.Stopped()) return {Status::kStopped};
  for (size_t i = 0; i < given.count; i++) {
    if (bad_rows[i] != kNoRow) return {Status::kInputNotFinite, bad_rows[i] * given.width + given.columns[i]};
  }
  return {};
}

// Calls body(w, row) with the elements of `width` neighbouring columns, for rows from .. to.
template <size_t width, typename T, class F>
void ForRows(const T* x, size_t stride, size_t from, size_t to, const F& body) {
  for (size_t r = from; r < to; r++) {
    double row[width];
    for (size_t c = 0; c < width; c++) row[c] = static_cast<double>(x[r * stride + c]);
    body(row);
  }
}

// Calls body(std::integral_constant<size_t, width>, column) for parts of a group of 8, 4, 2 or 1 columns.
template <class F>
void InParts(const Group& group, const F& body) {
  size_t i = group.from;
  const auto take = [&](auto width) {
    for (; i + width() <= group.to; i += width()) body(width, i);
  };
  take(std::integral_constant<size_t, 8>());
  take(std::integral_constant<size_t, 4>());
  take(std::integral_constant<size_t, 2>());
  take(std::integral_constant<size_t, 1>());
}

template <typename T>
size_t FirstBadRow(const Columns<T>& given, size_t column) {
  for (size_t r = 0; r < given.rows; r++) {
    const double value = static_cast<double>(given.x[r * given.width + given.columns[column]]);
    if (!std::isfinite(value) && !(given.skip_missing && std::isnan(value))) return r;
  }
  return kNoRow;
}

// Adds the rows' numbers to `sums` in blocks, so that the number of roundings is that of a block and of the
// blocks. `add` adds those of rows from .. to.  sums, and what `add` adds to, (count)
template <size_t count, class F>
void AddInBlocks(size_t from, size_t to, double* sums, const F& add) {
  constexpr size_t kBlock = 1024;
  for (; from < to; from += kBlock) {
    double block[count] = {};
    add(from, std::min(to, from + kBlock), block);
    for (size_t i = 0; i < count; i++) sums[i] += block[i];
  }
}

// Goes through pieces of rows of some columns, until the end or a stop.
template <class F>
void InPieces(size_t rows, const Control& control, const F& body) {
  for (size_t from = 0; from < rows && !control.Stopped(); from += kPiece) {
    body(from, std::min(rows, from + kPiece));
  }
}

}  // namespace

template <typename T>
Outcome LearnMoments(const Columns<T>& given, double* means, double* variances, double* present,
                     Control& control) {
  const std::vector<Group> groups = GroupsOf(given);
  std::vector<size_t> bad_rows(given.count, kNoRow);
  ParallelFor(ThreadsFor(given, 8, control), groups.size(), [&](size_t g, size_t) {
    InParts(groups[g], [&](auto part, size_t i) {
      constexpr size_t width = part();
      const T* x = given.x + given.columns[i];
      // A missing element counts as the mean.
      double totals[2 * width] = {}, rests[2 * width] = {};
      const double *sums = totals, *counts = totals + width, *off = rests, *squares = rests + width;
      const bool skip = given.skip_missing;
      InPieces(given.rows, control, [&](size_t from, size_t to) {
        AddInBlocks<2 * width>(from, to, totals, [&](size_t first, size_t last, double* block) {
          ForRows<width>(x, given.width, first, last, [&](const double* row) {
            for (size_t c = 0; c < width; c++) {
              const bool missing = skip && std::isnan(row[c]);
              block[c] += missing ? 0 : row[c];
              block[width + c] += missing ? 0 : 1;
            }
          });
        });
      });
      double mean[width];
      for (size_t c = 0; c < width; c++) mean[c] = sums[c] / counts[c];
      InPieces(given.rows, control, [&](size_t from, size_t to) {
        AddInBlocks<2 * width>(from, to, rests, [&](size_t first, size_t last, double* block) {
          ForRows<width>(x, given.width, first, last, [&](const double* row) {
            for (size_t c = 0; c < width; c++) {
              const double rest = skip && std::isnan(row[c]) ? 0 : row[c] - mean[c];
              block[c] += rest;
              block[width + c] += rest * rest;
            }
          });
        });
      });
      for (size_t c = 0; c < width; c++) {
        // What rounding has left of the mean is the mean of the distances from it.
        const double left = off[c] / counts[c];
        means[i + c] = std::isfinite(left) ? mean[c] + left : mean[c];
        const double variance = squares[c] / counts[c] - left * left;
        variances[i + c] = variance < 0 ? 0 : variance;  // NaN without elements
        present[i + c] = counts[c];
        // A sum of finite numbers may overflow, too.
        if (!std::isfinite(sums[c]) && !control.Stopped()) bad_rows[i + c] = FirstBadRow(given, i + c);
      }
    });
  });
  return OutcomeOf(given, bad_rows, control);
}

template <typename T>
Outcome LearnExtremes(const Columns<T>& given, double* least, double* most, Control& control) {
  const std::vector<Group> groups = GroupsOf(given);
  std::vector<size_t> bad_rows(given.count, kNoRow);
  ParallelFor(ThreadsFor(given, 4, control), groups.size(), [&](size_t g, size_t) {
    InParts(groups[g], [&](auto part, size_t i) {
      constexpr size_t width = part();
      const T* x = given.x + given.columns[i];
      double low[width], high[width], zeros[width] = {};
      std::fill_n(low, width, std::numeric_limits<double>::infinity());
      std::fill_n(high, width, -std::numeric_limits<double>::infinity());
      InPieces(given.rows, control, [&](size_t from, size_t to) {
        ForRows<width>(x, given.width, from, to, [&](const double* row) {
          for (size_t c = 0; c < width; c++) {
            low[c] = row[c] < low[c] ? row[c] : low[c];
            high[c] = row[c] > high[c] ? row[c] : high[c];
            zeros[c] += row[c] - row[c];  // NaN from the first element that is not finite
          }
        });
      });
      for (size_t c = 0; c < width; c++) {
        least[i + c] = low[c];
        most[i + c] = high[c];
        if (zeros[c] != 0 && !control.Stopped()) bad_rows[i + c] = FirstBadRow(given, i + c);
      }
    });
  });
  return OutcomeOf(given, bad_rows, control);
}

namespace {

// A column's elements that are there, sorted.
struct Sorted {
  std::vector<double> values;
  std::vector<double> scratch;
};

// Returns whether the column is sorted: no bad element, no stop.
template <typename T>
bool SortColumn(const Columns<T>& given, size_t i, const Control& control, Sorted* sorted, size_t* bad_row) {
  std::vector<double>& values = sorted->values;
  values.resize(given.rows);
  const T* x = given.x + given.columns[i];
  size_t size = 0;
  InPieces(given.rows, control, [&](size_t from, size_t to) {
    for (size_t r = from; r < to; r++) {
      const double value = static_cast<double>(x[r * given.width]);
      // -0 and 0 are one number.
      values[size] = value + 0.0;
      size += !(given.skip_missing && std::isnan(value));
      if (!std::isfinite(value) && !(given.skip_missing && std::isnan(value))) {
        *bad_row = std::min(*bad_row, r);
      }
    }
  });
  if (control.Stopped() || *bad_row != kNoRow) return false;
  values.resize(size);
  sorted->scratch.resize(size);
  SortDoubles(values.data(), sorted->scratch.data(), size);
  return true;
}

// Sorts every selected column and calls body(i, values).
template <typename T, class F>
Outcome ForSorted(const Columns<T>& given, Control& control, const F& body) {
  std::vector<size_t> bad_rows(given.count, kNoRow);
  const size_t threads = ThreadsFor(given, 100, control);
  std::vector<Sorted> sorted(std::min(std::max<size_t>(1, threads), given.count));
  ParallelFor(threads, given.count, [&](size_t i, size_t slot) {
    if (SortColumn(given, i, control, &sorted[slot], &bad_rows[i])) body(i, sorted[slot].values);
  });
  return OutcomeOf(given, bad_rows, control);
}

double Median(const std::vector<double>& sorted) {
  const size_t middle = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Percentile(const std::vector<double>& sorted, double percent) {
  const double place = percent / 100 * static_cast<double>(sorted.size() - 1);
  const size_t index = static_cast<size_t>(place);
  const double low = sorted[index], high = sorted[std::min(index + 1, sorted.size() - 1)];
  return low + (high - low) * (place - static_cast<double>(index));
}

double Mode(const std::vector<double>& sorted) {
  double best = sorted[0];
  size_t most = 0;
  for (size_t start = 0, end = 0; start < sorted.size(); start = end) {
    while (end < sorted.size() && sorted[end] == sorted[start]) end++;
    if (end - start <= most) continue;
    most = end - start;
    best = sorted[start];
  }
  return best;
}

}  // namespace

template <typename T>
Outcome LearnOrders(const Columns<T>& given, double low_percentile, double high_percentile, Order* orders,
                    Control& control) {
  return ForSorted(given, control, [&](size_t i, const std::vector<double>& sorted) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    orders[i] = sorted.empty() ? Order{0, kNaN, kNaN, kNaN, kNaN}
                               : Order{static_cast<double>(sorted.size()), Median(sorted),
                                       Percentile(sorted, low_percentile),
                                       Percentile(sorted, high_percentile), Mode(sorted)};
  });
}

template <typename T>
Outcome LearnQuantiles(const Columns<T>& given, const std::vector<double>& percentiles, double* quantiles,
                       Control& control) {
  return ForSorted(given, control, [&](size_t i, const std::vector<double>& sorted) {
    for (size_t k = 0; k < percentiles.size(); k++) {
      quantiles[i * percentiles.size() + k] =
          sorted.empty() ? std::numeric_limits<double>::quiet_NaN() : Percentile(sorted, percentiles[k]);
    }
  });
}

template <typename T>
Outcome LearnSplits(const Columns<T>& given, const SplitTarget& target, const SplitLimits& limits,
                    double* edges, double* counts, Control& control) {
  std::vector<size_t> bad_rows(given.count, kNoRow);
  ParallelFor(ThreadsFor(given, 100, control), given.count, [&](size_t i, size_t) {
    std::vector<double> values(given.rows);
    for (size_t r = 0; r < given.rows; r++) {
      values[r] = static_cast<double>(given.x[r * given.width + given.columns[i]]);
      const bool bad = !std::isfinite(values[r]) && !(given.skip_missing && std::isnan(values[r]));
      if (bad) bad_rows[i] = std::min(bad_rows[i], r);
    }
    if (bad_rows[i] != kNoRow) return;
    const std::vector<double> found = SplitEdges(values, target, limits, control);
    std::copy(found.begin(), found.end(), edges + i * (limits.bins + 1));
    counts[i] = static_cast<double>(found.size());
  });
  return OutcomeOf(given, bad_rows, control);
}

template <typename T>
Outcome LearnCategories(const Columns<T>& given, size_t most, double* counts,
                        std::vector<std::vector<double>>* categories, Control& control) {
  categories->assign(given.count, {});
  std::atomic<size_t> together{0};
  return ForSorted(given, control, [&](size_t i, const std::vector<double>& sorted) {
    size_t count = 0;
    for (size_t r = 0; r < sorted.size(); r++) count += r == 0 || sorted[r] != sorted[r - 1];
    counts[i] = static_cast<double>(count);
    if (together.fetch_add(count) + count > most) return;
    (*categories)[i].resize(count);
    std::unique_copy(sorted.begin(), sorted.end(), (*categories)[i].begin());
  });
}

#define BLASNET_INSTANTIATE(T)                                                                               \
  template Outcome LearnMoments<T>(const Columns<T>&, double*, double*, double*, Control&);                  \
  template Outcome LearnExtremes<T>(const Columns<T>&, double*, double*, Control&);                          \
  template Outcome LearnOrders<T>(const Columns<T>&, double, double, Order*, Control&);                      \
  template Outcome LearnQuantiles<T>(const Columns<T>&, const std::vector<double>&, double*, Control&);      \
  template Outcome LearnSplits<T>(const Columns<T>&, const SplitTarget&, const SplitLimits&, double*,        \
                                  double*, Control&);                                                        \
  template Outcome LearnCategories<T>(const Columns<T>&, size_t, double*, std::vector<std::vector<double>>*, \
                                      Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
