// The tile runner takes the tiles of a batch forward and backward, by one of three schedules. Each plan has
// one, and calls it on the operation thread; the runner shares its loops with pool threads.
//
// Small networks, whose parameters stay in cache: threads share the lanes of a batch (lanes.h). A thread
// takes each tile of its lane forward and backward through all layers, and adds the tile's gradients to the
// lane's. Update sums the lanes later.
//
// Large networks: the runner sweeps. It takes one tile after another through the network, layer by layer, and
// threads share blocks of a layer's units. It sums the lanes on the way, so that it needs few arrays of
// gradients; only the last sum is left to Update.
//
// Training with layers that normalise by the moments of the batch: all tiles go through the network in step
// (in_step.h).
#pragma once

#include <memory>
#include <vector>

#include "engine/batch_moments.h"
#include "engine/control.h"
#include "engine/halves.h"
#include "engine/in_step.h"
#include "engine/lanes.h"
#include "engine/outcome.h"
#include "engine/pool.h"
#include "engine/tile.h"
#include "engine/tile_split.h"

namespace blasnet {

template <typename T>
struct Batch {
  Source<T> source;
  size_t start;      // position of its first sample
  size_t rows;       // number of its samples
  size_t step_rows;  // number of samples in all batches of the step
  // If processes share the batch: the number of this one, and of all. See NodeOf.
  size_t rank = 0;
  size_t ranks = 1;
  Ranks* others = nullptr;  // with which this one exchanges the moments of the batch
};

template <typename T>
class TileRunner {
 public:
  // All arguments must outlive the runner.
  TileRunner(const Network& network, const LossSpec& loss, const T* parameters, const T* statistics,
             const Control& control);

  // Splits the rows of a forward pass into tiles.
  LaneSplit SplitForward(size_t rows) const { return Split(rows, TileRows(large_layers_)); }

  // Calls body(tile, i) for every tile of a forward pass. Returns false if a stop came before the end.
  template <class F>
  bool ForEachTile(const TileSplit& split, const F& body) {
    const size_t threads = PrepareForward(split);
    ParallelFor(threads, split.count, [&](size_t i, size_t slot) {
      if (!control_.Stopped()) body(*tiles_[slot], i);
    });
    return !control_.Stopped();
  }

  // Splits the rows of a pass by inputs into tiles.
  LaneSplit SplitByInputs(size_t rows) const { return Split(rows, TileRows(false)); }

  // Calls body(tile, scratch, i) for every tile of a pass by inputs, whose layers are not swept; `scratch`
  // has (parameter_count) elements. Returns false if a stop came before the end.
  template <class F>
  bool ForEachTileByInputs(const TileSplit& split, const F& body) {
    const size_t threads = std::min(split.count, ThreadsFor(split.rows, 6));
    ReserveInputTiles(threads, std::min(split.rows, TileRows(false)));
    ParallelFor(threads, split.count, [&](size_t i, size_t slot) {
      if (!control_.Stopped()) body(*input_tiles_[slot], input_scratch_[slot].data(), i);
    });
    return !control_.Stopped();
  }

  // Splits the rows of a training's batch into lanes.
  LaneSplit SplitTraining(size_t rows) const { return Split(rows, TileRows(large_)); }

  // Runs all segments after the input.
  void Forward(Tile<T>& tile);

  // Reserves what SumGradients needs for this batch, whose layers normalise by its moments: so it cannot fail
  // while other ranks wait for this one.
  void ReserveForMoments(const Batch<T>& batch);

  // Computes the gradient of the step's mean loss with respect to the parameters, as far as it comes from the
  // batch, and adds its losses to `totals`. If processes share the batch: the node of this one.
  Outcome SumGradients(const Batch<T>& batch, const Pass& pass, Totals* totals);
  // The gradient of the last call, until the next one.
  const NodeGradient<T>& Gradient() const { return gradient_; }

  // Whether training normalises some layer by the batch's own moments.
  bool UsesBatchMoments() const { return moments_.Any(); }
  // After SumGradients: moves the running moments towards the moments of its batch.
  void UpdateStatistics(T* statistics) const { moments_.UpdateStatistics(statistics); }

  // The memory of the tiles and the gradients.
  size_t Bytes() const;
  // Frees this memory. The next operation reserves it again.
  void Release();

 private:
  // The samples of a tile: fewer if they have members, whose rows take the same memory.
  size_t TileRows(bool sweeps) const;
  LaneSplit Split(size_t rows, size_t tile_rows) const { return SplitLanes(rows, tile_rows, grain_); }
  size_t ThreadsFor(size_t rows, size_t operations) const;
  size_t ThreadsForUnits(const Layer& layer) const;
  void ReserveTiles(size_t count, size_t rows, size_t most_rows);
  void ReserveInputTiles(size_t count, size_t rows);
  size_t PrepareForward(const TileSplit& split);
  void Load(Tile<T>& tile, const Batch<T>& batch, const TileSplit& split, size_t i, const Pass& pass) const;
  template <class Add>
  void SumLanes(const LaneSplit& split, LaneNode node, size_t threads, const Add& add);
  template <class Add>
  void Sweep(const LaneSplit& split, LaneNode node, T* out, size_t depth, const Add& add);
  T* Array(size_t i);
  void Backward(Tile<T>& tile, bool accumulate, T* gradients);
  bool BackwardLayer(Tile<T>& tile, const Segment<T>& segment, const Segment<T>& before,
                     const LayerBackward& work, bool accumulate, T* gradients);
  void SumInStep(const Batch<T>& batch, const LaneSplit& split, const Pass& pass);

  const Network& network_;
  const LossSpec& loss_;
  const T* const parameters_;
  const T* const statistics_;
  const Control& control_;
  const size_t members_;           // rows of each sample
  const size_t grain_;             // tiles are multiples of this many samples long
  const size_t layer_parameters_;  // without the embedding tables: a sample reads few of their rows
  const bool large_layers_;        // layer_parameters_ do not stay in cache: predictions sweep
  const bool large_;               // the parameters do not all stay in cache: training sweeps
  BatchMoments<T> moments_;

  // For the operation that is running.
  bool sweeps_ = false;
  bool by_tiles_ = true;  // threads share the tiles, not the units of a layer
  size_t tile_rows_ = 0;

  size_t reserved_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> tiles_;  // one per thread
  std::vector<std::vector<T>> arrays_;           // of gradients: (parameter_count) each
  NodeGradient<T> gradient_;
  // For gradients by the inputs.
  size_t input_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> input_tiles_;
  std::vector<std::vector<T>> input_scratch_;
  std::vector<Halves<T>> halves_;  // one per thread: for lanes of many tiles
  std::vector<Totals> sums_;       // one per tile of the batch
};

}  // namespace blasnet
