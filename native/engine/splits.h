// The split points of a small decision tree of one column on a target: the edges of a piecewise-linear
// encoding. The tree grows best first: the leaf whose split lowers the impurity most is split next (Breiman
// et al., 1984; scikit-learn's trees with max_leaf_nodes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/control.h"

namespace blasnet {

// What the tree predicts: a class, or numbers. Memory of JavaScript, which may change meanwhile.
struct SplitTarget {
  // (rows) null without classes; a row whose code is not 0 .. class_count - 1 is left out
  const int32_t* classes = nullptr;
  size_t class_count = 0;
  // Each (rows); a row with a number that is not finite is left out. Each target counts equally: it is
  // divided by its standard deviation.
  std::vector<const double*> numbers;
};

struct SplitLimits {
  size_t bins;   // the most leaves
  size_t least;  // the fewest rows of a leaf
};

// The edges of the bins of x (rows), ascending and different: the least number, the tree's split points, the
// greatest number. Rows where x is NaN are left out, and -0 counts as 0. No edges without rows, one edge if
// all numbers are equal. The impurity is Gini's, or the mean squared error; of equally good splits the lowest
// one is taken. Returns what it has after a stop.
std::vector<double> SplitEdges(const std::vector<double>& x, const SplitTarget& target,
                               const SplitLimits& limits, const Control& control);

}  // namespace blasnet
