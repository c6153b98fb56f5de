// Lanes: how a batch is cut, and in which order its gradient is summed. A lane is a range of the batch's
// rows; lanes are cut by sizes alone (SplitLanes in tile_split.h). Their number is a power of two, at most
// kMostLanes. The sum of a batch is a binary tree over its lanes:
//
//   sum of first .. end = sum of first .. middle + sum of middle .. end,  middle = first + (end - first) / 2
//   sum of one lane     = that of its tiles, in their order
//
// Gradients and losses are summed so. Threads share the lanes, and processes can, too: 2, 4, 8 or 16
// processes each compute the sum of one node of the tree (NodeOf) and go on with the nodes above, with equal
// bits. With fewer lanes than processes, some nodes are empty: these have no sum, not even zeros, and nothing
// is added for them.
//
// How one process computes its node: TileRunner::SumGradients with `rank` and `ranks` of its batch, then
// TileRunner::Gradient, whose arrays Update::Sum adds up to one.
#pragma once

#include <cstddef>

namespace blasnet {

inline constexpr size_t kMostLanes = 16;

// A node of the tree: lanes first .. end.
struct LaneNode {
  size_t first = 0;
  size_t end = 0;

  size_t Count() const { return end - first; }
  size_t Middle() const { return first + Count() / 2; }
  LaneNode Earlier() const { return {first, Middle()}; }
  LaneNode Later() const { return {Middle(), end}; }
};

// The node of process number `rank`, from 0, of `ranks`, a power of two.
inline LaneNode NodeOf(size_t lanes, size_t rank, size_t ranks) {
  LaneNode node{0, lanes};
  for (size_t half = ranks / 2; half > 0; half /= 2) node = rank & half ? node.Later() : node.Earlier();
  return node;
}

// The sum of a node, which is not empty. `leaf` returns a lane's value, which has the member Add.
template <class Leaf>
auto SumOfNode(LaneNode node, const Leaf& leaf) -> decltype(leaf(node.first)) {
  if (node.Count() == 1) return leaf(node.first);
  auto sum = SumOfNode(node.Earlier(), leaf);
  sum.Add(SumOfNode(node.Later(), leaf));
  return sum;
}

// The gradient of a node: arrays laid out like the parameters, whose sum by SumArrays (kernels/vectors.h) it
// is. `count` is a power of two, or 0 if the node is empty.
template <typename T>
struct NodeGradient {
  size_t count = 0;
  T* arrays[kMostLanes];
};

}  // namespace blasnet
