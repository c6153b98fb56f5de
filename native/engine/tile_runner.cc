#include "engine/tile_runner.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "engine/timeline.h"
#include "kernels/optimizers.h"
#include "kernels/vectors.h"

namespace blasnet {
namespace {

constexpr size_t kJoinPiece = 16'384;  // parameters whose sums a thread joins at once

}  // namespace

template <typename T>
TileRunner<T>::TileRunner(const Network& network, const LossSpec& loss, const T* parameters,
                          const T* statistics, const Control& control)
    : network_(network),
      loss_(loss),
      parameters_(parameters),
      statistics_(statistics),
      control_(control),
      members_(network.RowsPerSample()),
      grain_(members_ == 1 ? 64 / sizeof(T) : kMemberSamples),
      layer_parameters_(network.parameter_count - network.layers.front().weights),
      large_layers_(layer_parameters_ * sizeof(T) >= kSweepBytes),
      large_(network.parameter_count * sizeof(T) >= kSweepBytes),
      moments_(network) {}

template <typename T>
size_t TileRunner<T>::TileRows(bool sweeps) const {
  const size_t rows =
      sweeps ? kSweepRows : std::clamp(kTileWork / (6 * layer_parameters_), kLeastTileRows, kMostTileRows);
  return std::max(rows / members_, grain_);
}

// The number of threads that is worth using for `rows`. Per parameter and sample, a forward pass takes 2
// operations, a training step 6.
template <typename T>
size_t TileRunner<T>::ThreadsFor(size_t rows, size_t operations) const {
  return rows * members_ * layer_parameters_ * operations < kParallelWork ? 1 : control_.Threads();
}

// The limit of threads that share a layer in a sweep.
template <typename T>
size_t TileRunner<T>::ThreadsForUnits(const Layer& layer) const {
  if (by_tiles_) return 1;
  return tile_rows_ * members_ * (layer.end - layer.weights) * 2 < kParallelWork ? 1 : control_.ThreadLimit();
}

// Creates tiles until there are `count`. Their size grows with use, so that a plan for a few rows stays
// small.
template <typename T>
void TileRunner<T>::ReserveTiles(size_t count, size_t rows, size_t most_rows) {
  if (rows > reserved_rows_) {
    const size_t grown = std::max(rows, std::min(most_rows, 2 * reserved_rows_));
    reserved_rows_ = grown + grain_;
    tiles_.clear();
  }
  while (tiles_.size() < count) {
    tiles_.push_back(
        std::make_unique<Tile<T>>(network_, loss_.loss, parameters_, statistics_, reserved_rows_));
    UseMoments(*tiles_.back(), moments_);
  }
}

template <typename T>
void TileRunner<T>::ReserveInputTiles(size_t count, size_t rows) {
  if (rows > input_rows_) {
    input_rows_ = rows + grain_;
    input_tiles_.clear();
  }
  while (input_tiles_.size() < count) {
    input_tiles_.push_back(
        std::make_unique<Tile<T>>(network_, loss_.loss, parameters_, statistics_, input_rows_, true));
  }
  while (input_scratch_.size() < count) input_scratch_.emplace_back(network_.parameter_count);
}

template <typename T>
size_t TileRunner<T>::Bytes() const {
  size_t arrays = arrays_.size() + input_scratch_.size();
  for (const Halves<T>& halves : halves_) arrays += halves.size();
  size_t bytes = arrays * network_.parameter_count * sizeof(T) + moments_.Bytes();
  for (const auto& tile : tiles_) bytes += tile->Bytes();
  for (const auto& tile : input_tiles_) bytes += tile->Bytes();
  return bytes;
}

template <typename T>
void TileRunner<T>::Release() {
  reserved_rows_ = 0;
  tiles_.clear();
  arrays_.clear();
  halves_.clear();
  moments_.Release();
  input_rows_ = 0;
  input_tiles_.clear();
  input_scratch_.clear();
}

template <typename T>
size_t TileRunner<T>::PrepareForward(const TileSplit& split) {
  sweeps_ = large_layers_;
  const size_t most_rows = TileRows(sweeps_);
  tile_rows_ = std::min(split.rows, most_rows);
  // Threads that take whole tiles meet only at the end. In a sweep, this pays if all get as many, or nearly.
  const size_t most = ThreadsFor(split.rows, 2);
  by_tiles_ = !sweeps_ || (most > 1 && (split.count % most == 0 || split.count >= kManyTiles * most));
  const size_t threads = by_tiles_ ? std::min(split.count, most) : 1;
  ReserveTiles(threads, tile_rows_, most_rows);
  return threads;
}

// In a sweep, threads share the units of segments that begin with an affine stage.
template <typename T>
void TileRunner<T>::Forward(Tile<T>& tile) {
  const std::vector<Segment<T>>& segments = tile.Segments();
  for (size_t s = 1; s < segments.size(); s++) {
    const Segment<T>& segment = segments[s];
    const size_t units = segment.units;
    if (!sweeps_ || segment.affine == nullptr) {
      tile.Forward(segment, 0, units);
      continue;
    }
    const size_t threads = ThreadsForUnits(segment.affine->layer());
    const TileSplit blocks = SplitShares(units, kSweepUnits, kUnitGrain);
    ParallelFor(threads, blocks.count, [&](size_t i, size_t) {
      const Span span("forward");
      if (!control_.Stopped()) tile.Forward(segment, blocks.Start(i), blocks.Start(i + 1));
    });
  }
}

// Runs the segments backward, from the loss to the first trainable layer. The first stage of a segment
// computes the gradient of the previous segment's output; the tail of that segment continues unit by unit.
template <typename T>
void TileRunner<T>::Backward(Tile<T>& tile, bool accumulate, T* gradients) {
  const std::vector<Segment<T>>& segments = tile.Segments();
  if (!TrainsAny(network_)) return;
  bool tail_done = false;
  for (size_t s = segments.size(); s-- > 0;) {
    const Segment<T>& segment = segments[s];
    if (!tail_done) tile.BackwardTail(segment, 0, segment.units, accumulate, gradients);
    tail_done = false;
    if (segment.affine == nullptr) {
      tile.BackwardHead(segment, 0, segment.units, accumulate, gradients);
      continue;
    }
    const LayerBackward work = BackwardOf(network_, segment.affine->layer());
    tail_done = BackwardLayer(tile, segment, segments[s - 1], work, accumulate, gradients);
    if (!work.last) continue;
    // The factors of the inputs are trained by the stage before.
    if (work.inputs > 0 && !tail_done)
      tile.BackwardTail(segments[s - 1], 0, segments[s - 1].units, accumulate, gradients);
    return;
  }
}

// Runs an affine stage backward: computes the gradients of its weights and of its input. Then runs the tail
// of the segment before if that begins with an affine stage, too; returns whether it does.
template <typename T>
bool TileRunner<T>::BackwardLayer(Tile<T>& tile, const Segment<T>& segment, const Segment<T>& before,
                                  const LayerBackward& work, bool accumulate, T* gradients) {
  const bool with_tail = before.affine != nullptr;
  const auto of_weights = [&](size_t from, size_t to) {
    tile.WeightGradients(segment, from, to, accumulate, gradients);
  };
  const auto of_input = [&](size_t from, size_t to) {
    tile.BackwardHead(segment, from, to, accumulate, gradients);
    if (with_tail) tile.BackwardTail(before, from, to, accumulate, gradients);
  };
  if (!sweeps_) {
    if (work.columns > 0) of_weights(0, work.columns);
    if (work.inputs > 0) of_input(work.first, work.first + work.inputs);
  } else {
    const BackwardBlocks blocks(work);
    ParallelFor(ThreadsForUnits(segment.affine->layer()), blocks.Count(), [&](size_t i, size_t) {
      if (control_.Stopped()) return;
      const Span span("backward");
      blocks.Run(i, of_weights, of_input);
    });
  }
  return with_tail;
}

// Array number i of gradients. Earlier ones stay where they are.
template <typename T>
T* TileRunner<T>::Array(size_t i) {
  while (arrays_.size() <= i) arrays_.emplace_back(network_.parameter_count);
  return arrays_[i].data();
}

template <typename T>
Outcome TileRunner<T>::SumGradients(const Batch<T>& batch, const Pass& pass, Totals* totals) {
  const bool in_step = pass.training && moments_.Any();
  const LaneSplit split = SplitTraining(batch.rows);
  const LaneNode node = NodeOf(split.lanes, batch.rank, batch.ranks);
  sweeps_ = large_;
  by_tiles_ = !sweeps_;
  tile_rows_ = std::min(batch.rows, TileRows(large_));
  gradient_.count = 0;
  sums_.assign(split.count, Totals{});
  if (in_step) {
    SumInStep(batch, split, pass);
  } else if (node.Count() > 0) {
    const size_t threads = sweeps_ ? 1 : std::min(node.Count(), ThreadsFor(batch.rows, 6));
    ReserveTiles(threads, tile_rows_, TileRows(large_));
    const T scale = T{1} / static_cast<T>(batch.step_rows);
    SumLanes(split, node, threads, [&](size_t i, bool accumulate, T* gradients, size_t slot) {
      if (control_.Stopped()) return;
      const Span span("tile");
      Tile<T>& tile = *tiles_[slot];
      Load(tile, batch, split, i, pass);
      Forward(tile);
      tile.ComputeLoss(loss_, scale, &sums_[i]);
      Backward(tile, accumulate, gradients);
    });
  }
  if (control_.Stopped() || control_.LostInput() != nullptr) return {Status::kStopped};
  if (node.Count() == 0) return {};
  totals->Add(SumOfNode(node, [&](size_t lane) { return SumOfLane(split, lane, sums_.data()); }));
  // The first layer, of all tiles: with moments of the batch, one tile's numbers reach all others.
  const size_t none = network_.layers.size();
  size_t bad = none;
  for (size_t i = split.TileOf(node.first); i < split.TileOf(node.end); i++) {
    if (std::isfinite(sums_[i].loss)) continue;
    const size_t tile = in_step ? i - split.TileOf(node.first) : 0;
    if (!in_step) {
      Load(*tiles_[0], batch, split, i, pass);
      Forward(*tiles_[0]);
    }
    bad = std::min(bad, tiles_[tile]->FirstBadLayer());
  }
  if (bad < none) return {Status::kDiverged, 0, 0, 0, bad + 1};
  return {};
}

template <typename T>
void TileRunner<T>::ReserveForMoments(const Batch<T>& batch) {
  const LaneSplit split = SplitTraining(batch.rows);
  const LaneNode node = NodeOf(split.lanes, batch.rank, batch.ranks);
  moments_.Begin(split, batch.rank, batch.ranks, batch.others);
  // One at least, which shows a rank without tiles what the others exchange.
  const size_t tiles = std::max<size_t>(split.TileOf(node.end) - split.TileOf(node.first), 1);
  ReserveTiles(tiles, std::min(batch.rows, TileRows(large_)), TileRows(large_));
  for (size_t i = 0; i < InStep<T>::Arrays(node, large_); i++) Array(i);
}

// All tiles of the node at once.
template <typename T>
void TileRunner<T>::SumInStep(const Batch<T>& batch, const LaneSplit& split, const Pass& pass) {
  const LaneNode node = NodeOf(split.lanes, batch.rank, batch.ranks);
  ReserveForMoments(batch);
  InStep<T> tiles(network_, control_, split, node, tiles_, arrays_, moments_, large_);
  tiles.ForEachTile([&](Tile<T>& tile, size_t i) { Load(tile, batch, split, i, pass); });
  tiles.Forward();
  const T scale = T{1} / static_cast<T>(batch.step_rows);
  tiles.ForEachTile([&](Tile<T>& tile, size_t i) { tile.ComputeLoss(loss_, scale, &sums_[i]); });
  tiles.Backward();
  tiles.End();
  if (node.Count() > 0) gradient_ = tiles.Gradient();
}

// Calls add(tile, accumulate, gradients, slot) for the tiles of a node, and leaves its sum in gradient_.
template <typename T>
template <class Add>
void TileRunner<T>::SumLanes(const LaneSplit& split, LaneNode node, size_t threads, const Add& add) {
  const size_t size = network_.parameter_count;
  if (sweeps_) {
    gradient_.arrays[gradient_.count++] = Array(0);
    if (node.Count() == 1) return Sweep(split, node, Array(0), 1, add);
    gradient_.arrays[gradient_.count++] = Array(1);
    Sweep(split, node.Earlier(), Array(0), 1, add);
    Sweep(split, node.Later(), Array(1), 2, add);
    return;
  }
  // Each thread has a group of neighbouring lanes, and sums it: so only one array of a thread travels to the
  // others. One thread leaves all sums to Update, which takes fewer passes.
  size_t groups = 1;
  while (groups < (threads == 1 ? node.Count() : threads)) groups *= 2;
  const size_t in_group = node.Count() / groups;
  T* lanes[kMostLanes];
  std::atomic<size_t> left[kMostLanes];
  for (size_t i = 0; i < node.Count(); i++) lanes[i] = Array(i);
  for (size_t group = 0; group < groups; group++) {
    left[group].store(in_group, std::memory_order_relaxed);
    gradient_.arrays[group] = lanes[group * in_group];
  }
  gradient_.count = groups;
  if (halves_.size() < threads) halves_.resize(threads);
  ParallelFor(threads, node.Count(), [&](size_t i, size_t slot) {
    const size_t first = split.TileOf(node.first + i), end = split.TileOf(node.first + i + 1);
    SumByHalves(
        first, end, false, lanes[i], size, &halves_[slot],
        [&](size_t tile, bool accumulate, T* out) { add(tile, accumulate, out, slot); },
        [&](T* out, const T* later) { AddTo(out, later, size); });
    const size_t group = i / in_group;
    if (in_group == 1 || left[group].fetch_sub(1) > 1) return;
    const Span span("sum");
    T** arrays = lanes + group * in_group;
    SumArrays(arrays, in_group, 0, size, arrays[0]);
  });
}

// Sums the lanes of a node into `out`. The arrays from number `depth` on are free.
template <typename T>
template <class Add>
void TileRunner<T>::Sweep(const LaneSplit& split, LaneNode node, T* out, size_t depth, const Add& add) {
  if (node.Count() == 1) {
    const size_t first = split.TileOf(node.first), end = split.TileOf(node.end);
    for (size_t i = first; i < end; i++) add(i, i > first, out, 0);
    return;
  }
  Sweep(split, node.Earlier(), out, depth, add);
  T* later = Array(depth);
  Sweep(split, node.Later(), later, depth + 1, add);
  const size_t size = network_.parameter_count;
  ParallelFor(control_.Threads(), Blocks(size, kJoinPiece), [&](size_t i, size_t) {
    const size_t from = i * kJoinPiece;
    AddTo(out + from, later + from, std::min(kJoinPiece, size - from));
  });
}

template <typename T>
void TileRunner<T>::Load(Tile<T>& tile, const Batch<T>& batch, const TileSplit& split, size_t i,
                         const Pass& pass) const {
  const size_t row = split.Start(i);
  tile.Load(batch.source, batch.start + row, split.Start(i + 1) - row, pass, row);
}

template class TileRunner<double>;
template class TileRunner<float>;

}  // namespace blasnet
