#include "engine/pipeline.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <optional>

#include "engine/pool.h"

namespace blasnet {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kBlockSize = 2048;  // numbers in a block: it stays in the L2 cache
constexpr size_t kMostRows = 256;    // rows in a block

size_t BlockRows(size_t width) {
  const size_t rows = kBlockSize / std::max<size_t>(1, width);
  return std::clamp<size_t>(rows, 1, kMostRows);
}

// Some rows on their way through the steps, column by column: a step works on whole columns.
class Block {
 public:
  // `most_columns` bounds the columns that a way through the steps makes.
  Block(size_t rows, size_t most_columns) : rows_(rows), memory_(rows * most_columns) {}

  size_t Width() const { return columns_.size(); }
  double* operator[](size_t column) { return columns_[column]; }

  // Memory for a column. Its values are arbitrary.
  double* NewColumn() { return memory_.data() + rows_ * used_++; }

  void Append(double* column) { columns_.push_back(column); }
  std::vector<double*> Take() { return std::move(columns_); }
  void Put(std::vector<double*> columns) { columns_ = std::move(columns); }

  template <typename In>
  void Load(const In* x, size_t columns, size_t m) {
    columns_.clear();
    used_ = 0;
    for (size_t c = 0; c < columns; c++) {
      double* column = NewColumn();
      for (size_t r = 0; r < m; r++) column[r] = static_cast<double>(x[r * columns + c]);
      Append(column);
    }
  }

  template <typename Out>
  void Store(size_t m, Out* out) const {
    const size_t width = columns_.size();
    for (size_t c = 0; c < width; c++) {
      const double* column = columns_[c];
      for (size_t r = 0; r < m; r++) out[r * width + c] = static_cast<Out>(column[r]);
    }
  }

 private:
  size_t rows_;
  std::vector<double> memory_;
  std::vector<double*> columns_;
  size_t used_ = 0;
};

// An element that a step refuses.
struct Refusal {
  Status status = Status::kDone;
  size_t row = 0;
  size_t column = 0;
  double value = 0;

  // Keeps the refusal that comes first in the rows.
  void Add(Status new_status, size_t new_row, size_t new_column, double new_value) {
    const bool first = status == Status::kDone || new_row < row || (new_row == row && new_column < column);
    if (first) *this = {new_status, new_row, new_column, new_value};
  }
};

// The first row that is not finite, or m. (x - x is 0 or NaN, and a sum of zeros is 0.)
size_t FirstNotFinite(const double* x, size_t m) {
  double sum = 0;
  for (size_t r = 0; r < m; r++) sum += x[r] - x[r];
  if (sum == 0) return m;
  size_t row = 0;
  while (std::isfinite(x[row])) row++;
  return row;
}

Refusal Apply(const ScaleStep& step, Block& block, size_t m) {
  Refusal refusal;
  for (size_t i = 0; i < step.columns.size(); i++) {
    double* x = block[step.columns[i]];
    const size_t bad = FirstNotFinite(x, m);
    if (bad < m) refusal.Add(Status::kInputNotFinite, bad, step.columns[i], x[bad]);
    const double center = step.center[i], scale = step.scale[i], offset = step.offset;
    for (size_t r = 0; r < m; r++) x[r] = (x[r] - center) / scale + offset;
    if (!step.clip) continue;
    for (size_t r = 0; r < m; r++) x[r] = std::min(std::max(x[r], step.low), step.high);
  }
  return refusal;
}

void Undo(const ScaleStep& step, Block& block, size_t m) {
  for (size_t i = 0; i < step.columns.size(); i++) {
    double* x = block[step.columns[i]];
    const double center = step.center[i], scale = step.scale[i], offset = step.offset;
    for (size_t r = 0; r < m; r++) x[r] = (x[r] - offset) * scale + center;
  }
}

Refusal Apply(const FillStep& step, Block& block, size_t m) {
  Refusal refusal;
  for (uint32_t column : step.indicators) {
    const double* x = block[column];
    double* missing = block.NewColumn();
    for (size_t r = 0; r < m; r++) missing[r] = std::isnan(x[r]) ? 1 : 0;
    block.Append(missing);
  }
  for (size_t i = 0; i < step.columns.size(); i++) {
    double* x = block[step.columns[i]];
    for (size_t r = 0; r < m; r++) {
      if (std::isnan(x[r])) x[r] = step.fill[i];
    }
    const size_t bad = FirstNotFinite(x, m);
    if (bad < m) refusal.Add(Status::kInputNotFinite, bad, step.columns[i], x[bad]);
  }
  return refusal;
}

void Undo(const FillStep& step, Block& block, size_t m) {
  std::vector<double*> columns = block.Take();
  const size_t width = columns.size() - step.indicators.size();
  for (size_t i = 0; i < step.indicators.size(); i++) {
    const double* missing = columns[width + i];
    double* x = columns[step.indicators[i]];
    for (size_t r = 0; r < m; r++) {
      if (missing[r] > 0.5) x[r] = kNaN;
    }
  }
  columns.resize(width);
  block.Put(std::move(columns));
}

Refusal Apply(const EncodeStep& step, Block& block, size_t m) {
  Refusal refusal;
  const std::vector<double*> before = block.Take();
  size_t i = 0;
  for (size_t c = 0; c < before.size(); c++) {
    if (i == step.columns.size() || step.columns[i] != c) {
      block.Append(before[c]);
      continue;
    }
    const double* x = before[c];
    const std::vector<double>& known = step.categories[i++];
    const size_t first = block.Width();
    for (size_t k = 0; k < known.size(); k++) {
      double* column = block.NewColumn();
      std::fill_n(column, m, 0.0);
      block.Append(column);
    }
    for (size_t r = 0; r < m; r++) {
      const auto place = std::lower_bound(known.begin(), known.end(), x[r]);
      if (place != known.end() && *place == x[r]) {
        block[first + static_cast<size_t>(place - known.begin())][r] = 1;
      } else if (!std::isfinite(x[r])) {
        refusal.Add(Status::kInputNotFinite, r, c, x[r]);
      } else if (step.refuse_unknown) {
        refusal.Add(Status::kCategoryUnknown, r, c, x[r]);
      }
    }
  }
  return refusal;
}

// The category of the largest number, of equal ones the first; NaN if none is above 0.
void Undo(const EncodeStep& step, Block& block, size_t m) {
  const std::vector<double*> after = block.Take();
  size_t at = 0, i = 0;
  for (size_t c = 0; at < after.size(); c++) {
    if (i == step.columns.size() || step.columns[i] != c) {
      block.Append(after[at++]);
      continue;
    }
    const std::vector<double>& known = step.categories[i++];
    double* x = block.NewColumn();
    for (size_t r = 0; r < m; r++) {
      double largest = 0;
      x[r] = kNaN;
      for (size_t k = 0; k < known.size(); k++) {
        if (!(after[at + k][r] > largest)) continue;
        largest = after[at + k][r];
        x[r] = known[k];
      }
    }
    block.Append(x);
    at += known.size();
  }
}

// Calls body(block, row, m) for every block of rows, on several threads.
template <class F>
void ForBlocks(const Pipeline& pipeline, size_t rows, const Control& control, const F& body) {
  // The widest point, and the columns of both ends and of the new ones in between.
  size_t width = pipeline.columns, most = width, columns = width;
  for (const PipelineStep& step : pipeline.steps) {
    const size_t after = ColumnsAfter(step, width);
    const auto* encode = std::get_if<EncodeStep>(&step);
    columns += after - width + (encode == nullptr ? 0 : encode->columns.size());
    most = std::max(most, width = after);
  }
  columns = std::max(columns, width + columns);
  const size_t block_rows = BlockRows(most), count = (rows + block_rows - 1) / block_rows;
  // An element of a step takes about as long as eight operations of a matrix product.
  const bool small = rows * most * pipeline.steps.size() * 8 < kParallelWork;
  const size_t threads = small ? 1 : control.Threads();
  std::vector<Block> blocks(std::min(std::max<size_t>(1, threads), count),
                            Block(std::min(rows, block_rows), columns));
  const auto run = [&](size_t i, size_t slot) {
    if (control.Stopped()) return;
    const size_t row = i * block_rows;
    body(blocks[slot], row, std::min(block_rows, rows - row));
  };
  if (count == 1) return run(0, 0);
  ParallelFor(threads, count, run);
}

// A single scale step, with numbers for all columns: 0, 1, -0 and infinities leave a column as it is.
struct RowScale {
  std::vector<double> center;
  std::vector<double> scale;
  std::vector<double> offset;
  std::vector<double> low;
  std::vector<double> high;
  const ScaleStep* step;
};

std::optional<RowScale> RowScaleOf(const Pipeline& pipeline) {
  const ScaleStep* step = pipeline.steps.size() == 1 ? std::get_if<ScaleStep>(&pipeline.steps[0]) : nullptr;
  if (step == nullptr) return std::nullopt;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const size_t width = pipeline.columns;
  RowScale rows{std::vector<double>(width, 0.0),       std::vector<double>(width, 1.0),
                std::vector<double>(width, -0.0),      std::vector<double>(width, -kInfinity),
                std::vector<double>(width, kInfinity), step};
  for (size_t i = 0; i < step->columns.size(); i++) {
    const size_t c = step->columns[i];
    rows.center[c] = step->center[i];
    rows.scale[c] = step->scale[i];
    rows.offset[c] = step->offset;
    if (step->clip) rows.low[c] = step->low;
    if (step->clip) rows.high[c] = step->high;
  }
  return rows;
}

// The first element of the selected columns that is not finite, by rows; rows * width if all are.
template <typename In>
size_t FirstNotFinite(const ScaleStep& step, const In* x, size_t rows, size_t width) {
  for (size_t r = 0; r < rows; r++) {
    for (uint32_t c : step.columns) {
      if (!std::isfinite(x[r * width + c])) return r * width + c;
    }
  }
  return rows * width;
}

// Transforms rows as they lie: for a single scale step, turning them into columns would take most of the
// time.
template <typename In, typename Out>
Outcome ScaleRows(const RowScale& scale, const In* x, size_t rows, Out* out, Control& control,
                  Totals* totals) {
  const size_t width = scale.center.size(), block_rows = BlockRows(width);
  const size_t count = (rows + block_rows - 1) / block_rows;
  const size_t threads = rows * width * 8 < kParallelWork ? 1 : control.Threads();
  std::atomic<size_t> bad{rows * width};
  const auto run = [&](size_t i, size_t) {
    if (control.Stopped()) return;
    const size_t from = i * block_rows, m = std::min(block_rows, rows - from);
    const In* in = x + from * width;
    Out* to = out + from * width;
    double zeros = 0;  // NaN from the first element that is not finite
    for (size_t r = 0; r < m; r++, in += width, to += width) {
      const double *center = scale.center.data(), *divisor = scale.scale.data();
      const double* offset = scale.offset.data();
      for (size_t c = 0; c < width; c++) {
        const double value = static_cast<double>(in[c]);
        zeros += value - value;
        to[c] = static_cast<Out>((value - center[c]) / divisor[c] + offset[c]);
      }
      if (!scale.step->clip) continue;
      const double *low = scale.low.data(), *high = scale.high.data();
      for (size_t c = 0; c < width; c++) {
        const double value = (static_cast<double>(in[c]) - center[c]) / divisor[c] + offset[c];
        to[c] = static_cast<Out>(std::min(std::max(value, low[c]), high[c]));
      }
    }
    if (zeros == 0) return;
    const size_t first = FirstNotFinite(*scale.step, x + from * width, m, width);
    if (first == m * width) return;
    size_t known = bad.load();
    while (from * width + first < known && !bad.compare_exchange_weak(known, from * width + first)) {
    }
  };
  ParallelFor(threads, count, run);
  if (control.Stopped()) return {Status::kStopped};
  if (bad.load() == rows * width) return {};
  totals->loss = static_cast<double>(x[bad.load()]);
  return {Status::kInputNotFinite, bad.load()};
}

}  // namespace

size_t ColumnsAfter(const PipelineStep& step, size_t columns) {
  if (const auto* fill = std::get_if<FillStep>(&step)) return columns + fill->indicators.size();
  if (const auto* encode = std::get_if<EncodeStep>(&step)) {
    for (const std::vector<double>& known : encode->categories) columns += known.size() - 1;
  }
  return columns;
}

size_t Pipeline::OutputColumns() const {
  size_t width = columns;
  for (const PipelineStep& step : steps) width = ColumnsAfter(step, width);
  return width;
}

template <typename In, typename Out>
Outcome Transform(const Pipeline& pipeline, const In* x, size_t rows, Out* out, Control& control,
                  Totals* totals) {
  const size_t width = pipeline.OutputColumns();
  if (const std::optional<RowScale> scale = RowScaleOf(pipeline))
    return ScaleRows(*scale, x, rows, out, control, totals);
  std::mutex mutex;
  // The refusal of the first block that has one. Later blocks may have run before it or not: it does not
  // matter.
  size_t bad_row = rows;
  Outcome refused;
  ForBlocks(pipeline, rows, control, [&](Block& block, size_t row, size_t m) {
    block.Load(x + row * pipeline.columns, pipeline.columns, m);
    for (size_t i = 0; i < pipeline.steps.size(); i++) {
      const size_t columns = block.Width();
      const Refusal refusal =
          std::visit([&](const auto& step) { return Apply(step, block, m); }, pipeline.steps[i]);
      if (refusal.status == Status::kDone) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      if (row >= bad_row) return;
      bad_row = row;
      refused = {refusal.status, (row + refusal.row) * columns + refusal.column, 0, 0, i};
      totals->loss = refusal.value;
      return;
    }
    block.Store(m, out + row * width);
  });
  if (bad_row < rows) return refused;
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

template <typename In, typename Out>
Outcome Invert(const Pipeline& pipeline, const In* x, size_t rows, Out* out, Control& control) {
  const size_t width = pipeline.OutputColumns();
  ForBlocks(pipeline, rows, control, [&](Block& block, size_t row, size_t m) {
    block.Load(x + row * width, width, m);
    for (size_t i = pipeline.steps.size(); i-- > 0;) {
      std::visit([&](const auto& step) { Undo(step, block, m); }, pipeline.steps[i]);
    }
    block.Store(m, out + row * pipeline.columns);
  });
  return {control.Stopped() ? Status::kStopped : Status::kDone};
}

#define BLASNET_INSTANTIATE(In, Out)                                                                \
  template Outcome Transform<In, Out>(const Pipeline&, const In*, size_t, Out*, Control&, Totals*); \
  template Outcome Invert<In, Out>(const Pipeline&, const In*, size_t, Out*, Control&);
BLASNET_INSTANTIATE(double, double)
BLASNET_INSTANTIATE(double, float)
BLASNET_INSTANTIATE(float, double)
BLASNET_INSTANTIATE(float, float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
