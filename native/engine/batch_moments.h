// The moments of a batch, by which batch normalisation trains. A batch has many tiles, some of them on other
// ranks, so a step has two sums in its middle for each such layer: forward that of the moments, backward that
// of two numbers which the moments' gradients need. Both follow the tree of lanes.h: a process folds the
// parts of its tiles into that of its node; ranks then exchange their nodes' and fold these, so that all have
// the bits of one process. Sums are in double.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/layers.h"
#include "engine/ranks.h"
#include "engine/tile_split.h"

namespace blasnet {

// What the tiles of a batch share, of one layer: (units) each.
template <typename T>
struct LayerMoments {
  const Layer* layer;
  std::vector<T> mean;        // without the rest
  std::vector<T> rest;        // what the mean is too short for
  std::vector<T> variance;    // divided by the number of samples
  std::vector<T> mean_gamma;  // the gradients of gamma and beta, divided by the number of samples
  std::vector<T> mean_beta;
};

template <typename T>
class BatchMoments {
 public:
  // `network` must outlive it.
  explicit BatchMoments(const Network& network);

  // Whether training normalises some layer by the batch's own moments.
  bool Any() const { return !layers_.empty(); }
  // The layers that do, in their order. They stay where they are.
  std::vector<LayerMoments<T>>& Layers() { return layers_; }

  // Before a batch: its tiles, and this process's node, that of rank `rank` of `count`. Reserves all memory,
  // so that later calls cannot fail for want of it. `ranks`: null, or those to exchange with.
  void Begin(const LaneSplit& split, size_t rank, size_t count, Ranks* ranks);

  // The numbers of a tile, (3, units): mean, rest, and the sum of the squares of distances from both
  // together; or (2, units): the gradients of gamma and beta.
  double* Part(size_t tile) { return parts_.data() + (tile - first_tile_) * part_size_; }

  // When every tile's part has the moments: computes those of the batch. A rank without tiles calls it, too.
  void FoldMoments(size_t layer);
  // The same for the gradients of gamma and beta; not on a rank without tiles.
  void FoldGradients(size_t layer);

  // After the step: moves the running moments towards those of the batch.
  void UpdateStatistics(T* statistics) const;

  size_t Bytes() const;
  void Release();

 private:
  template <class Join>
  void FoldNode(LaneNode node, const Join& join);
  template <class Join>
  const double* Fold(size_t size, bool with_all, const Join& join);
  double RowsOf(size_t first_tile, size_t end_tile) const;

  const Network& network_;
  std::vector<LayerMoments<T>> layers_;
  size_t part_size_ = 0;
  std::vector<double> parts_;     // of the node's tiles
  std::vector<double> received_;  // of all ranks' nodes
  // Of the batch.
  LaneSplit split_{};
  LaneNode node_{};
  size_t first_tile_ = 0;
  size_t rank_ = 0;
  size_t count_ = 1;
  Ranks* ranks_ = nullptr;
};

}  // namespace blasnet
