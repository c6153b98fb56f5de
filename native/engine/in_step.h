// All tiles of a batch that this process has, or of its node if ranks share the batch, go through the network
// in step: training by the moments of the batch needs every tile's Z before any goes on. Threads share the
// lanes and blocks of a layer's units. The gradients are summed as in tile_runner.h: in small networks each
// lane has an array, which Update sums; in large ones the lanes take turns, and are summed layer by layer.
//
// Ranks exchange moments in the middle of the step, and each relies on the others to take part. So an error,
// or a stop, keeps a rank from computing but not from exchanging; End throws the error.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/batch_moments.h"
#include "engine/caught_exception.h"
#include "engine/control.h"
#include "engine/function_ref.h"
#include "engine/lanes.h"
#include "engine/tile.h"
#include "engine/tile_split.h"

namespace blasnet {

// What the backward pass of a layer computes.
struct LayerBackward {
  size_t columns;  // of dW; 0 if the layer is frozen
  size_t first;    // the gradients of its inputs from this one on
  size_t inputs;   // so many; 0: none
  bool last;       // nothing before it is trained
};

// Whether the backward pass computes anything.
bool TrainsAny(const Network& network);
// For layers from the first trainable one on.
LayerBackward BackwardOf(const Network& network, const Layer& layer);

// Blocks of a layer's backward work for threads to share: of its weights' gradients and of its inputs'.
// Neither needs the other's result. Their first blocks come first, as in the forward pass, so that a thread
// meets the same units again.
class BackwardBlocks {
 public:
  explicit BackwardBlocks(const LayerBackward& work)
      : first_(work.first),
        inputs_(SplitShares(work.inputs, kSweepUnits, kUnitGrain)),
        weights_(SplitShares(work.columns, kSweepColumns, kColumnGrain)) {}

  size_t Count() const { return inputs_.count + weights_.count; }

  // Calls one of the functions for block i, with a range.
  template <class W, class I>
  void Run(size_t i, const W& of_weights, const I& of_inputs) const {
    // The number of inputs' blocks among the first i, and among the first i + 1.
    const size_t before = i * inputs_.count / Count(), with = (i + 1) * inputs_.count / Count();
    if (with > before) {
      of_inputs(first_ + inputs_.Start(before), first_ + inputs_.Start(with));
    } else {
      of_weights(weights_.Start(i - before), weights_.Start(i - before + 1));
    }
  }

 private:
  size_t first_;
  TileSplit inputs_;
  TileSplit weights_;
};

// For a tile that trains by moments of the batch.
template <typename T>
void UseMoments(const Tile<T>& tile, BatchMoments<T>& moments);

template <typename T>
class InStep {
 public:
  // The node's tiles are the first of `tiles`, and `arrays` has Arrays() of them. All arguments must outlive
  // it.
  InStep(const Network& network, const Control& control, const LaneSplit& split, LaneNode node,
         const std::vector<std::unique_ptr<Tile<T>>>& tiles, std::vector<std::vector<T>>& arrays,
         BatchMoments<T>& moments, bool large);

  // How many arrays of gradients a node needs.
  static size_t Arrays(LaneNode node, bool large);

  // Calls body(tile, number) for every tile.
  void ForEachTile(const FunctionRef<Tile<T>&, size_t>& body);
  void Forward();
  void Backward();
  // Throws what kept this process from computing.
  void End() const;
  // Of the node, which is not empty.
  NodeGradient<T> Gradient() const;

 private:
  // A tile's work on a block.
  struct Work {
    Tile<T>& tile;
    size_t number;
    size_t block;
    bool accumulate;
    T* gradients;
  };
  using Body = FunctionRef<const Work&>;
  using Spans = std::vector<ParameterSpan>;

  // `threads`: so many share a loop at most; see ThreadsFor and ThreadsForUnits.
  void Run(size_t threads, size_t blocks, const Body& body);
  void RunBack(size_t threads, size_t blocks, const Spans& spans, const Body& body);
  void RunNode(size_t threads, LaneNode node, size_t out, size_t free, size_t blocks, const Spans& spans,
               const Body& body);
  void Join(size_t out, size_t other, const Spans& spans);
  template <class F>
  void Guard(const F& compute);
  size_t ThreadsFor(size_t operations) const;
  size_t ThreadsForUnits(const Segment<T>& segment) const;
  TileSplit UnitBlocks(const Segment<T>& segment) const;
  void TailOf(size_t s, const Work& work, size_t from, size_t to) const;
  void AddTail(size_t s, Spans* spans) const;
  void AfterTail(size_t s);
  void BackwardLayer(size_t s, const LayerBackward& work, bool with_tail);

  const Network& network_;
  const Control& control_;
  const LaneSplit& split_;
  const LaneNode node_;
  const std::vector<std::unique_ptr<Tile<T>>>& tiles_;
  std::vector<std::vector<T>>& arrays_;
  BatchMoments<T>& moments_;
  const bool large_;
  const size_t first_tile_;
  const size_t rows_;  // of the node
  CaughtException error_;
};

}  // namespace blasnet
