// Takes the tiles of a batch forward and backward, in one of two schedules.
//
// If the parameters of a network stay in cache, threads share the tiles: each tile goes through all layers,
// and adds to a partial gradient. If not, or if a layer must see the whole batch, the runner sweeps: it takes
// one tile after another, layer by layer, and threads share blocks of a layer's units.
#pragma once

#include <memory>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "engine/pool.h"
#include "engine/tile.h"
#include "engine/tile_split.h"

namespace blasnet {

template <typename T>
struct Batch {
  Source<T> source;
  size_t start;      // its first sample
  size_t rows;       // its samples
  size_t step_rows;  // the samples of all batches of the step
  bool accumulate;   // whether it adds to the gradients of the step's batches before it
};

template <typename T>
class TileRunner {
 public:
  // All of them must outlive this.
  TileRunner(const Network& network, const LossSpec& loss, const T* parameters, const T* statistics,
             const Control& control);

  // How the rows of a forward pass are split.
  TileSplit<T> SplitForward(size_t rows) const { return SplitRows<T>(rows, TileRows(large_layers_)); }

  // Calls body(tile, i) for every tile of a forward pass. Returns false if a stop came before the end.
  template <class F>
  bool ForEachTile(const TileSplit<T>& split, const F& body) {
    const size_t threads = PrepareForward(split);
    ParallelFor(threads, split.count, [&](size_t i, size_t slot) {
      if (!control_.Stopped()) body(*tiles_[slot], i);
    });
    return !control_.Stopped();
  }

  // Through all segments after the input.
  void Forward(Tile<T>& tile);

  // Adds a batch's share of the gradient of the step's mean loss to the first `parts` partial gradients, or
  // writes it there.
  Outcome SumGradients(const Batch<T>& batch, const Pass& pass, Totals* totals, size_t* parts);

  // Whether some layer normalises the batches that the network learns from.
  bool UsesBatchMoments() const { return batch_moments_; }
  // Moves the running moments towards those of the batch that SumGradients saw.
  void UpdateStatistics(T* statistics) const { tiles_[0]->UpdateStatistics(statistics); }

  // (parameters) each.
  std::vector<std::vector<T>>& PartialGradients() { return partial_gradients_; }

 private:
  size_t TileRows(bool sweeps) const;
  size_t ThreadsFor(size_t rows, size_t operations) const;
  size_t ThreadsForUnits(const Layer& layer) const;
  void ReserveTiles(size_t count, size_t rows, size_t most_rows);
  size_t PrepareForward(const TileSplit<T>& split);
  void Load(Tile<T>& tile, const Batch<T>& batch, const TileSplit<T>& split, size_t i,
            const Pass& pass) const;
  void Backward(Tile<T>& tile, bool accumulate, T* gradients);
  bool BackwardLayer(Tile<T>& tile, const Segment<T>& segment, const Segment<T>& before, bool to_input,
                     bool accumulate, T* gradients);
  Outcome Diverged(const Batch<T>& batch, const TileSplit<T>& split, size_t i, const Pass& pass);

  const Network& network_;
  const LossSpec& loss_;
  const T* const parameters_;
  const T* const statistics_;
  const Control& control_;
  const size_t layer_parameters_;  // without the tables, of which a sample reads a few rows
  const bool large_layers_;        // their parameters do not stay in cache: predictions sweep
  const bool large_;               // nor do those of layers and tables together: training sweeps
  size_t first_trainable_ = 0;
  bool batch_moments_ = false;

  // Of the operation under way.
  bool sweeps_ = false;
  size_t tile_rows_ = 0;

  size_t reserved_rows_ = 0;
  std::vector<std::unique_ptr<Tile<T>>> tiles_;  // one a thread
  std::vector<std::vector<T>> partial_gradients_;
  std::vector<Totals> sums_;  // one a tile of the batch
};

}  // namespace blasnet
