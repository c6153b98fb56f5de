#include "engine/batch_moments.h"

#include <algorithm>

namespace blasnet {
namespace {

// Moments of two sets of samples become those of both (Chan, Golub and LeVeque, 1983). Distances between the
// means are small, so nothing cancels; `rest` keeps what rounding takes from the mean.
void JoinMoments(double* a, double rows_a, const double* b, double rows_b, size_t units) {
  const double rows = rows_a + rows_b, share = rows_b / rows, weight = rows_a * share;
  for (size_t i = 0; i < units; i++) {
    double &mean = a[i], &rest = a[units + i], &squares = a[2 * units + i];
    const double distance = (b[i] - mean) + (b[units + i] - rest);
    const double shift = distance * share, moved = mean + shift, taken = moved - mean;
    rest += (mean - (moved - taken)) + (shift - taken);
    mean = moved;
    squares += b[2 * units + i] + distance * distance * weight;
  }
}

void JoinGradients(double* a, double, const double* b, double, size_t units) {
  for (size_t i = 0; i < 2 * units; i++) a[i] += b[i];
}

}  // namespace

template <typename T>
BatchMoments<T>::BatchMoments(const Network& network) : network_(network) {
  size_t units = 0;
  for (const Layer& layer : network.layers) {
    if (!layer.UsesBatchMoments()) continue;
    layers_.push_back({&layer, {}, {}, {}, {}, {}});
    for (auto member : {&LayerMoments<T>::mean, &LayerMoments<T>::rest, &LayerMoments<T>::variance,
                        &LayerMoments<T>::mean_gamma, &LayerMoments<T>::mean_beta}) {
      (layers_.back().*member).resize(layer.outputs);
    }
    units = std::max(units, layer.outputs);
  }
  part_size_ = 3 * units;
}

template <typename T>
void BatchMoments<T>::Begin(const LaneSplit& split, size_t rank, size_t count, Ranks* ranks) {
  split_ = split;
  rank_ = rank;
  count_ = count;
  ranks_ = ranks;
  node_ = NodeOf(split.lanes, rank, count);
  first_tile_ = split.TileOf(node_.first);
  const size_t tiles = split.TileOf(node_.end) - first_tile_;
  if (parts_.size() < tiles * part_size_) parts_.resize(tiles * part_size_);
  if (ranks != nullptr && received_.size() < count * part_size_) received_.resize(count * part_size_);
}

template <typename T>
double BatchMoments<T>::RowsOf(size_t first_tile, size_t end_tile) const {
  return static_cast<double>((split_.Start(end_tile) - split_.Start(first_tile)) * network_.RowsPerSample());
}

// Leaves the sum in the part of the node's first tile.
template <typename T>
template <class Join>
void BatchMoments<T>::FoldNode(LaneNode node, const Join& join) {
  const size_t first = split_.TileOf(node.first), end = split_.TileOf(node.end);
  if (node.Count() == 1) {
    for (size_t i = first + 1; i < end; i++) join(Part(first), RowsOf(first, i), Part(i), RowsOf(i, i + 1));
    return;
  }
  FoldNode(node.Earlier(), join);
  FoldNode(node.Later(), join);
  const size_t middle = split_.TileOf(node.Middle());
  join(Part(first), RowsOf(first, middle), Part(middle), RowsOf(middle, end));
}

// Returns the batch's sum: `size` numbers. `with_all`: ranks without tiles get it, too.
template <typename T>
template <class Join>
const double* BatchMoments<T>::Fold(size_t size, bool with_all, const Join& join) {
  const auto node_of = [&](size_t rank) { return NodeOf(split_.lanes, rank, count_); };
  const bool takes_part = node_.Count() > 0;
  if (takes_part) FoldNode(node_, join);
  double* own = parts_.data();
  if (ranks_ == nullptr) return own;
  const auto of_rank = [&](size_t rank) { return received_.data() + rank * part_size_; };
  if (takes_part) std::copy_n(own, size, of_rank(rank_));
  std::vector<RankBytes> sent, received;
  std::vector<size_t> nodes;
  for (size_t rank = 0; rank < count_; rank++) {
    const bool has_tiles = node_of(rank).Count() > 0;
    if (has_tiles) nodes.push_back(rank);
    if (rank == rank_) continue;
    if (takes_part && (has_tiles || with_all)) sent.push_back({rank, own, size * sizeof(double)});
    if (has_tiles) received.push_back({rank, of_rank(rank), size * sizeof(double)});
  }
  ranks_->Exchange(sent, received);
  // The nodes are those of a level of the tree, in their order.
  const auto rows_of = [&](size_t first, size_t end) {
    return RowsOf(split_.TileOf(node_of(nodes[first]).first), split_.TileOf(node_of(nodes[end - 1]).end));
  };
  for (size_t step = 1; step < nodes.size(); step *= 2) {
    for (size_t i = 0; i < nodes.size(); i += 2 * step) {
      join(of_rank(nodes[i]), rows_of(i, i + step), of_rank(nodes[i + step]),
           rows_of(i + step, i + 2 * step));
    }
  }
  return of_rank(nodes[0]);
}

template <typename T>
void BatchMoments<T>::FoldMoments(size_t number) {
  LayerMoments<T>& layer = layers_[number];
  const size_t units = layer.mean.size();
  const auto join = [units](double* a, double rows_a, const double* b, double rows_b) {
    JoinMoments(a, rows_a, b, rows_b, units);
  };
  const double* sum = Fold(3 * units, true, join);
  const double rows = RowsOf(0, split_.count);
  for (size_t i = 0; i < units; i++) {
    layer.mean[i] = static_cast<T>(sum[i] + sum[units + i]);
    layer.rest[i] = static_cast<T>((sum[i] - static_cast<double>(layer.mean[i])) + sum[units + i]);
    layer.variance[i] = static_cast<T>(sum[2 * units + i] / rows);
  }
}

template <typename T>
void BatchMoments<T>::FoldGradients(size_t number) {
  LayerMoments<T>& layer = layers_[number];
  const size_t units = layer.mean.size();
  const auto join = [units](double* a, double rows_a, const double* b, double rows_b) {
    JoinGradients(a, rows_a, b, rows_b, units);
  };
  const double* sum = Fold(2 * units, false, join);
  const double rows = RowsOf(0, split_.count);
  for (size_t i = 0; i < units; i++) {
    layer.mean_gamma[i] = static_cast<T>(sum[i] / rows);
    layer.mean_beta[i] = static_cast<T>(sum[units + i] / rows);
  }
}

template <typename T>
void BatchMoments<T>::UpdateStatistics(T* statistics) const {
  const double rows = RowsOf(0, split_.count);
  // A single sample has no variance. Its computed variance, 0, would pull the running one towards 0.
  if (rows == 1) return;
  const T unbiased = static_cast<T>(rows) / static_cast<T>(rows - 1);
  for (const LayerMoments<T>& moments : layers_) {
    const Layer& layer = *moments.layer;
    const T share = static_cast<T>(layer.momentum);
    for (size_t i = 0; i < layer.outputs; i++) {
      T& mean = statistics[layer.mean + i];
      T& variance = statistics[layer.variance + i];
      mean += share * (moments.mean[i] - mean + moments.rest[i]);
      variance += share * (moments.variance[i] * unbiased - variance);
    }
  }
}

template <typename T>
size_t BatchMoments<T>::Bytes() const {
  return (parts_.size() + received_.size()) * sizeof(double);
}

template <typename T>
void BatchMoments<T>::Release() {
  parts_ = std::vector<double>();
  received_ = std::vector<double>();
}

template class BatchMoments<double>;
template class BatchMoments<float>;

}  // namespace blasnet
