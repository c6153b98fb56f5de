#include "engine/splits.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <utility>

#include "engine/parallel_sort.h"
#include "kernels/read_once.h"

namespace blasnet {
namespace {

// A number of the column, and its row.
struct Item {
  double x;
  size_t row;
};

// What both criteria know of the rows of a node: a score that grows as the impurity falls.
//
//   Enter(from, to)  the node; all of its rows are right of the split
//   Move(i)          takes the next row to the left
//   Score(left, right)  the sum over both sides of squares of sums / rows: `left` and `right` rows
//   Pure()  whether all rows of the node have equal targets; a difference of sums would be rounding alone

// Gini's impurity of a side times its rows is rows - sum of count^2 / rows.
class Classes {
 public:
  Classes(const SplitTarget& target, std::vector<int32_t> codes)
      : codes_(std::move(codes)), left_(target.class_count), right_(target.class_count) {}

  void Enter(size_t from, size_t to) {
    std::fill(left_.begin(), left_.end(), 0);
    std::fill(right_.begin(), right_.end(), 0);
    for (size_t i = from; i < to; i++) right_[static_cast<size_t>(codes_[i])]++;
    left_squares_ = right_squares_ = 0;
    for (const double count : right_) right_squares_ += count * count;
    pure_ = right_[static_cast<size_t>(codes_[from])] == static_cast<double>(to - from);
  }

  void Move(size_t i) {
    double& left = left_[static_cast<size_t>(codes_[i])];
    double& right = right_[static_cast<size_t>(codes_[i])];
    left_squares_ += 2 * left++ + 1;
    right_squares_ -= 2 * right-- - 1;
  }

  double Score(double left, double right) const {
    return (left > 0 ? left_squares_ / left : 0) + right_squares_ / right;
  }

  bool Pure() const { return pure_; }

 private:
  const std::vector<int32_t> codes_;  // in the order of x
  std::vector<double> left_, right_;  // the rows of each class
  double left_squares_ = 0, right_squares_ = 0;
  bool pure_ = false;
};

// The squared error of a side is sum of y^2 - (sum of y)^2 / rows.
class Numbers {
 public:
  // `values` (rows, targets), in the order of x; each target has mean 0 and variance 1, or is constant
  Numbers(size_t targets, std::vector<double> values)
      : targets_(targets), values_(std::move(values)), left_(targets), right_(targets) {}

  void Enter(size_t from, size_t to) {
    std::fill(left_.begin(), left_.end(), 0);
    std::fill(right_.begin(), right_.end(), 0);
    pure_ = true;
    for (size_t i = from * targets_; i < to * targets_; i += targets_) {
      for (size_t t = 0; t < targets_; t++) {
        right_[t] += values_[i + t];
        pure_ &= values_[i + t] == values_[from * targets_ + t];
      }
    }
  }

  void Move(size_t i) {
    for (size_t t = 0; t < targets_; t++) {
      const double value = values_[i * targets_ + t];
      left_[t] += value;
      right_[t] -= value;
    }
  }

  double Score(double left, double right) const {
    double of_left = 0, of_right = 0;
    for (size_t t = 0; t < targets_; t++) {
      of_left += left_[t] * left_[t];
      of_right += right_[t] * right_[t];
    }
    return (left > 0 ? of_left / left : 0) + of_right / right;
  }

  bool Pure() const { return pure_; }

 private:
  const size_t targets_;
  const std::vector<double> values_;
  std::vector<double> left_, right_;  // sums
  bool pure_ = false;
};

// A leaf, rows from .. to in the order of x, and its best split: the first row of its right side.
struct Leaf {
  double gain;
  size_t from, to, split;

  // Of equal gains, the leaf that comes first.
  bool operator<(const Leaf& other) const {
    return gain != other.gain ? gain < other.gain : from > other.from;
  }
};

template <class Criterion>
class Tree {
 public:
  Tree(const std::vector<double>& x, Criterion criterion, const SplitLimits& limits, const Control& control)
      : x_(x), criterion_(std::move(criterion)), limits_(limits), control_(control) {}

  // The places of its splits, in the order of x.
  std::vector<size_t> Grow() {
    std::vector<size_t> splits;
    Add(0, x_.size());
    while (!leaves_.empty() && splits.size() + 1 < limits_.bins && !control_.Stopped()) {
      const Leaf leaf = leaves_.top();
      leaves_.pop();
      splits.push_back(leaf.split);
      Add(leaf.from, leaf.split);
      Add(leaf.split, leaf.to);
    }
    std::sort(splits.begin(), splits.end());
    return splits;
  }

 private:
  // Adds a leaf, if it can be split.
  void Add(size_t from, size_t to) {
    const size_t rows = to - from;
    if (rows < 2 || rows / 2 < limits_.least) return;
    criterion_.Enter(from, to);
    if (criterion_.Pure()) return;
    const double whole = criterion_.Score(0, static_cast<double>(rows));
    Leaf leaf{-std::numeric_limits<double>::infinity(), from, to, from};
    for (size_t i = from + 1; i < to; i++) {
      criterion_.Move(i - 1);
      if (x_[i] == x_[i - 1] || i - from < limits_.least || to - i < limits_.least) continue;
      const double gain =
          criterion_.Score(static_cast<double>(i - from), static_cast<double>(to - i)) - whole;
      if (gain > leaf.gain) {
        leaf.gain = gain;
        leaf.split = i;
      }
    }
    if (leaf.split > from) leaves_.push(leaf);
  }

  const std::vector<double>& x_;
  Criterion criterion_;
  const SplitLimits limits_;
  const Control& control_;
  std::priority_queue<Leaf> leaves_;
};

// The rows with a number and a target, in the order of the numbers.
std::vector<Item> SortedItems(const std::vector<double>& x, const std::vector<char>& known,
                              const Control& control) {
  std::vector<Item> items;
  items.reserve(x.size());
  for (size_t row = 0; row < x.size(); row++) {
    if (known[row] != 0 && !std::isnan(x[row])) items.push_back({x[row] + 0.0, row});
  }
  std::vector<Item> scratch(items.size());
  const Item* const sorted = ParallelSort(
      items.data(), scratch.data(), items.size(), [](const Item& item) { return SortKey(item.x); }, control);
  if (sorted == scratch.data()) items.swap(scratch);
  return items;
}

// Gives each target mean 0 and variance 1.
void Standardize(size_t targets, std::vector<double>* values) {
  const auto rows = static_cast<double>(values->size() / targets);
  for (size_t t = 0; t < targets; t++) {
    double sum = 0, squares = 0;
    for (size_t i = t; i < values->size(); i += targets) sum += (*values)[i] / rows;
    for (size_t i = t; i < values->size(); i += targets) {
      (*values)[i] -= sum;
      squares += (*values)[i] * (*values)[i] / rows;
    }
    if (squares == 0) continue;
    for (size_t i = t; i < values->size(); i += targets) (*values)[i] /= std::sqrt(squares);
  }
}

}  // namespace

std::vector<double> SplitEdges(const std::vector<double>& x, const SplitTarget& target,
                               const SplitLimits& limits, const Control& control) {
  const size_t rows = x.size(), targets = target.numbers.size();
  std::vector<char> known(rows, 1);
  std::vector<int32_t> codes;
  std::vector<double> numbers;
  // Copies of the target: what is checked is then what is used.
  if (target.classes != nullptr) {
    codes.resize(rows);
    for (size_t row = 0; row < rows; row++) {
      codes[row] = ReadOnce(target.classes + row);
      known[row] = codes[row] >= 0 && static_cast<size_t>(codes[row]) < target.class_count;
    }
  } else {
    numbers.resize(rows * targets);
    for (size_t row = 0; row < rows; row++) {
      for (size_t t = 0; t < targets; t++) {
        const double number = target.numbers[t][row];
        numbers[row * targets + t] = number;
        if (!std::isfinite(number)) known[row] = 0;
      }
    }
  }
  const std::vector<Item> items = SortedItems(x, known, control);
  if (items.empty() || control.Stopped()) return {};
  std::vector<double> sorted(items.size());
  for (size_t i = 0; i < items.size(); i++) sorted[i] = items[i].x;
  std::vector<size_t> splits;
  if (target.classes != nullptr) {
    std::vector<int32_t> in_order(items.size());
    for (size_t i = 0; i < items.size(); i++) in_order[i] = codes[items[i].row];
    splits = Tree(sorted, Classes(target, std::move(in_order)), limits, control).Grow();
  } else {
    std::vector<double> in_order(items.size() * targets);
    for (size_t i = 0; i < items.size(); i++) {
      std::copy_n(numbers.data() + items[i].row * targets, targets, in_order.data() + i * targets);
    }
    Standardize(targets, &in_order);
    splits = Tree(sorted, Numbers(targets, std::move(in_order)), limits, control).Grow();
  }
  std::vector<double> edges{sorted.front()};
  for (const size_t i : splits) {
    const double middle = sorted[i - 1] / 2 + sorted[i] / 2;
    // Between neighbouring doubles the middle is rounded to one of them.
    const double edge = middle < sorted[i] ? middle : sorted[i - 1];
    if (edge > edges.back()) edges.push_back(edge);
  }
  if (sorted.back() > edges.back()) edges.push_back(sorted.back());
  return edges;
}

}  // namespace blasnet
