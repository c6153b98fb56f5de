#include "engine/in_step.h"

#include "engine/pool.h"
#include "engine/timeline.h"
#include "kernels/optimizers.h"

namespace blasnet {
namespace {

constexpr size_t kJoinPiece = 16'384;  // parameters whose sums a thread joins at once
// A layer has several loops, which threads begin and end together. With fewer operations in each, that costs
// more than it saves: measured.
constexpr size_t kLoopWork = 8 * kParallelWork;
constexpr size_t kUnitWork = 32;  // operations that a sample's number takes in the stages after Z

size_t FirstTrainable(const Network& network) {
  const std::vector<Layer>& layers = network.layers;
  const auto trains = std::find_if(layers.begin(), layers.end(), [](const Layer& l) { return l.trainable; });
  return static_cast<size_t>(trains - layers.begin());
}

}  // namespace

bool TrainsAny(const Network& network) { return FirstTrainable(network) < network.layers.size(); }

LayerBackward BackwardOf(const Network& network, const Layer& layer) {
  const size_t l = static_cast<size_t>(&layer - network.layers.data());
  LayerBackward work{layer.trainable ? layer.inputs : 0, 0, 0, false};
  work.last = l == FirstTrainable(network) && !(l == 0 && network.TrainsInput());
  // The factors of the inputs are trained by the stage before.
  if (work.last && !layer.scales_inputs) return work;
  // In the network's input, only the features from tables need gradients, unless other stages are between.
  const bool of_tables =
      l == 0 && network.members == 0 && !layer.scales_inputs && network.numeric.columns == 0;
  work.first = of_tables ? network.numbers : 0;
  work.inputs = layer.inputs - work.first;
  return work;
}

template <typename T>
void UseMoments(const Tile<T>& tile, BatchMoments<T>& moments) {
  size_t used = 0;
  for (const Segment<T>& segment : tile.Segments()) {
    if (segment.norm != nullptr) segment.norm->Use(&moments.Layers()[used++]);
  }
}

template <typename T>
InStep<T>::InStep(const Network& network, const Control& control, const LaneSplit& split, LaneNode node,
                  const std::vector<std::unique_ptr<Tile<T>>>& tiles, std::vector<std::vector<T>>& arrays,
                  BatchMoments<T>& moments, bool large)
    : network_(network),
      control_(control),
      split_(split),
      node_(node),
      tiles_(tiles),
      arrays_(arrays),
      moments_(moments),
      large_(large),
      first_tile_(split.TileOf(node.first)),
      rows_((split.Start(split.TileOf(node.end)) - split.Start(first_tile_)) * network.RowsPerSample()) {}

// For a loop of so many operations for each row.
template <typename T>
size_t InStep<T>::ThreadsFor(size_t operations) const {
  return rows_ * operations < kLoopWork ? 1 : control_.Threads();
}

template <typename T>
size_t InStep<T>::ThreadsForUnits(const Segment<T>& segment) const {
  return ThreadsFor(kUnitWork * segment.units);
}

// In turns, a lane needs an array, and each level of the tree that waits for its later half another one.
template <typename T>
size_t InStep<T>::Arrays(LaneNode node, bool large) {
  if (!large) return node.Count();
  size_t arrays = 1;
  for (size_t lanes = node.Count(); lanes > 1; lanes /= 2) arrays++;
  return arrays;
}

template <typename T>
NodeGradient<T> InStep<T>::Gradient() const {
  NodeGradient<T> gradient;
  gradient.count = large_ ? 1 : node_.Count();
  for (size_t i = 0; i < gradient.count; i++) gradient.arrays[i] = arrays_[i].data();
  return gradient;
}

template <typename T>
template <class F>
void InStep<T>::Guard(const F& compute) {
  if (error_.Any() || node_.Count() == 0 || control_.Stopped()) return;
  try {
    compute();
  } catch (...) {
    error_.Catch();
  }
}

template <typename T>
void InStep<T>::End() const {
  if (error_.Any()) error_.Throw();
}

template <typename T>
void InStep<T>::ForEachTile(const FunctionRef<Tile<T>&, size_t>& body) {
  Guard([&] {
    const size_t threads = ThreadsFor(kUnitWork * std::max(network_.Features(), network_.Outputs()));
    ParallelFor(threads, split_.TileOf(node_.end) - first_tile_, [&](size_t i, size_t) {
      if (!control_.Stopped()) body(*tiles_[i], first_tile_ + i);
    });
  });
}

// Calls body for the blocks of every tile.
template <typename T>
void InStep<T>::Run(size_t threads, size_t blocks, const Body& body) {
  Guard([&] {
    ParallelFor(threads, (split_.TileOf(node_.end) - first_tile_) * blocks, [&](size_t k, size_t) {
      if (control_.Stopped()) return;
      const Span span("forward");
      const size_t i = k / blocks;
      body({*tiles_[i], first_tile_ + i, k % blocks, false, nullptr});
    });
  });
}

// Calls body for the blocks of every tile, those of a lane one after another, and sums the gradients that it
// writes, those of `spans`.
template <typename T>
void InStep<T>::RunBack(size_t threads, size_t blocks, const Spans& spans, const Body& body) {
  Guard([&] {
    if (large_) return RunNode(threads, node_, 0, 1, blocks, spans, body);
    ParallelFor(threads, node_.Count() * blocks, [&](size_t k, size_t) {
      if (control_.Stopped()) return;
      const Span span("backward");
      const size_t lane = k / blocks, first = split_.TileOf(node_.first + lane);
      for (size_t i = first; i < split_.TileOf(node_.first + lane + 1); i++) {
        body({*tiles_[i - first_tile_], i, k % blocks, i > first, arrays_[lane].data()});
      }
    });
  });
}

// The lanes of a node, one after another, into array `out`. The arrays from number `free` on are free.
template <typename T>
void InStep<T>::RunNode(size_t threads, LaneNode node, size_t out, size_t free, size_t blocks,
                        const Spans& spans, const Body& body) {
  if (node.Count() > 1) {
    RunNode(threads, node.Earlier(), out, free, blocks, spans, body);
    RunNode(threads, node.Later(), free, free + 1, blocks, spans, body);
    return Join(out, free, spans);
  }
  const size_t first = split_.TileOf(node.first), end = split_.TileOf(node.end);
  ParallelFor(threads, blocks, [&](size_t block, size_t) {
    if (control_.Stopped()) return;
    const Span span("backward");
    for (size_t i = first; i < end; i++) {
      body({*tiles_[i - first_tile_], i, block, i > first, arrays_[out].data()});
    }
  });
}

template <typename T>
void InStep<T>::Join(size_t out, size_t other, const Spans& spans) {
  for (const ParameterSpan& span : spans) {
    const size_t threads = span.size < kJoinPiece ? 1 : control_.Threads();
    ParallelFor(threads, Blocks(span.size, kJoinPiece), [&](size_t i, size_t) {
      const size_t from = span.from + i * kJoinPiece, end = span.from + span.size;
      AddTo(arrays_[out].data() + from, arrays_[other].data() + from, std::min(kJoinPiece, end - from));
    });
  }
}

// One block if there are enough lanes for the threads, or if the units depend on each other.
template <typename T>
TileSplit InStep<T>::UnitBlocks(const Segment<T>& segment) const {
  if (segment.affine == nullptr || (!large_ && split_.lanes == kMostLanes)) return {segment.units, 1, 1};
  return SplitShares(segment.units, kSweepUnits, kUnitGrain);
}

template <typename T>
void InStep<T>::Forward() {
  size_t norms = 0;
  for (size_t s = 1; s < tiles_.front()->Segments().size(); s++) {
    const Segment<T>& shape = tiles_.front()->Segments()[s];
    const TileSplit blocks = UnitBlocks(shape);
    const auto from = [&](const Work& work) { return blocks.Start(work.block); };
    const auto to = [&](const Work& work) { return blocks.Start(work.block + 1); };
    const size_t of_product = shape.affine == nullptr ? 0 : 2 * shape.affine->layer().inputs;
    Run(ThreadsFor((of_product + kUnitWork) * shape.units), blocks.count, [&](const Work& work) {
      const Segment<T>& segment = work.tile.Segments()[s];
      if (segment.norm == nullptr) return work.tile.Forward(segment, from(work), to(work));
      const TileSamples& rows = work.tile.Rows();
      segment.affine->Forward(rows, from(work), to(work));
      segment.norm->Measure(rows, from(work), to(work), moments_.Part(work.number));
    });
    if (shape.norm == nullptr) continue;
    moments_.FoldMoments(norms++);
    Run(ThreadsForUnits(shape), blocks.count, [&](const Work& work) {
      const Segment<T>& segment = work.tile.Segments()[s];
      for (size_t i = 1; i < segment.stages.size(); i++) {
        segment.stages[i]->Forward(work.tile.Rows(), from(work), to(work));
      }
    });
  }
}

// What comes before the head of segment s in the backward pass; with moments of the batch, as far as a tile
// goes alone.
template <typename T>
void InStep<T>::TailOf(size_t s, const Work& work, size_t from, size_t to) const {
  const Segment<T>& segment = work.tile.Segments()[s];
  if (segment.norm == nullptr)
    return work.tile.BackwardTail(segment, from, to, work.accumulate, work.gradients);
  const TileSamples& rows = work.tile.Rows();
  for (size_t i = segment.stages.size(); i-- > 2;) {
    segment.stages[i]->Backward(rows, from, to, work.accumulate, work.gradients);
  }
  segment.norm->GradientsOfFactors(rows, from, to, work.accumulate, work.gradients,
                                   moments_.Part(work.number));
}

template <typename T>
void InStep<T>::AddTail(size_t s, Spans* spans) const {
  const std::vector<Stage<T>*>& stages = tiles_.front()->Segments()[s].stages;
  for (size_t i = 1; i < stages.size(); i++) spans->push_back(stages[i]->Parameters());
}

// When all tiles are through the tail.
template <typename T>
void InStep<T>::AfterTail(size_t s) {
  const Segment<T>& shape = tiles_.front()->Segments()[s];
  if (shape.norm == nullptr) return;
  size_t norms = 0;
  for (size_t before = 0; before < s; before++) norms += tiles_.front()->Segments()[before].norm != nullptr;
  moments_.FoldGradients(norms);
  const TileSplit blocks = UnitBlocks(shape);
  Run(ThreadsForUnits(shape), blocks.count, [&](const Work& work) {
    const size_t from = blocks.Start(work.block), to = blocks.Start(work.block + 1);
    work.tile.Segments()[s].norm->Backward(work.tile.Rows(), from, to, false, nullptr);
  });
}

template <typename T>
void InStep<T>::Backward() {
  if (!TrainsAny(network_) || node_.Count() == 0) return;
  bool tail_done = false;
  const auto tail = [&](size_t s) {
    const Segment<T>& shape = tiles_.front()->Segments()[s];
    const TileSplit blocks = UnitBlocks(shape);
    Spans spans;
    AddTail(s, &spans);
    RunBack(ThreadsForUnits(shape), blocks.count, spans, [&](const Work& work) {
      TailOf(s, work, blocks.Start(work.block), blocks.Start(work.block + 1));
    });
  };
  for (size_t s = tiles_.front()->Segments().size(); s-- > 0;) {
    const Segment<T>& shape = tiles_.front()->Segments()[s];
    if (!tail_done) tail(s);
    tail_done = false;
    AfterTail(s);
    if (shape.affine == nullptr) {
      RunBack(ThreadsForUnits(shape), 1, {shape.stages.front()->Parameters()}, [&](const Work& work) {
        const Segment<T>& segment = work.tile.Segments()[s];
        work.tile.BackwardHead(segment, 0, segment.units, work.accumulate, work.gradients);
      });
      continue;
    }
    const LayerBackward work = BackwardOf(network_, shape.affine->layer());
    tail_done = tiles_.front()->Segments()[s - 1].affine != nullptr;
    BackwardLayer(s, work, tail_done);
    if (!work.last) continue;
    if (work.inputs > 0 && !tail_done) tail(s - 1);
    return;
  }
}

// As TileRunner::BackwardLayer.
template <typename T>
void InStep<T>::BackwardLayer(size_t s, const LayerBackward& of, bool with_tail) {
  const bool whole = !large_ && split_.lanes == kMostLanes;
  const BackwardBlocks blocks(of);
  Spans spans{tiles_.front()->Segments()[s].stages.front()->Parameters()};
  if (with_tail && of.inputs > 0) AddTail(s - 1, &spans);
  const size_t out = tiles_.front()->Segments()[s].units;
  RunBack(ThreadsFor(2 * (of.columns + of.inputs) * out), whole ? 1 : blocks.Count(), spans,
          [&](const Work& work) {
            const Segment<T>& segment = work.tile.Segments()[s];
            const auto of_weights = [&](size_t from, size_t to) {
              work.tile.WeightGradients(segment, from, to, work.accumulate, work.gradients);
            };
            const auto of_inputs = [&](size_t from, size_t to) {
              work.tile.BackwardHead(segment, from, to, work.accumulate, work.gradients);
              if (with_tail) TailOf(s - 1, work, from, to);
            };
            if (!whole) return blocks.Run(work.block, of_weights, of_inputs);
            if (of.columns > 0) of_weights(0, of.columns);
            if (of.inputs > 0) of_inputs(of.first, of.first + of.inputs);
          });
}

template class InStep<double>;
template class InStep<float>;
template void UseMoments(const Tile<double>&, BatchMoments<double>&);
template void UseMoments(const Tile<float>&, BatchMoments<float>&);

}  // namespace blasnet
