#include "engine/rank_sum.h"

#include <algorithm>
#include <cstring>

#include "engine/pool.h"
#include "engine/tile_split.h"
#include "kernels/vectors.h"

namespace blasnet {
namespace {

constexpr size_t kPiece = 16'384;  // elements that a thread adds at once

}  // namespace

template <typename T>
Outcome RankSum<T>::Sum(Ranks& ranks, size_t lanes, uint64_t step, uint64_t checksum, const Outcome& outcome,
                        const Totals& own, size_t threads, T* gradient, size_t size, Totals* totals) {
  const size_t count = ranks.Size(), me = ranks.Rank();
  const auto slice = [&](size_t rank) { return size * rank / count; };
  const auto bytes = [&](size_t rank) { return (slice(rank + 1) - slice(rank)) * sizeof(T); };
  const auto takes_part = [&](size_t rank) { return NodeOf(lanes, rank, count).Count() > 0; };
  // Memory is reserved before the meeting: after it, the others rely on this rank.
  parts_.resize(count);
  received_.resize(count);
  std::vector<RankBytes> sent, received;
  sent.reserve(2 * count);
  received.reserve(2 * count);
  const size_t own_size = slice(me + 1) - slice(me);
  for (size_t rank = 0; rank < count; rank++) {
    if (rank != me && takes_part(rank)) received_[rank].resize(own_size);
  }
  if (ranks.MeetAtStep(step, outcome.status == Status::kStopped, checksum)) return {Status::kStopped};

  const bool diverged = outcome.status == Status::kDiverged;
  parts_[me] = {own.loss, own.hits, diverged, outcome.layer};
  for (size_t rank = 0; rank < count; rank++) {
    if (rank == me) continue;
    sent.push_back({rank, &parts_[me], sizeof(Part)});
    received.push_back({rank, &parts_[rank], sizeof(Part)});
    if (takes_part(me)) sent.push_back({rank, gradient + slice(rank), bytes(rank)});
    if (takes_part(rank)) received.push_back({rank, received_[rank].data(), bytes(me)});
  }
  ranks.Exchange(sent, received);

  const T* arrays[kMostLanes];
  size_t nodes = 0;
  for (size_t rank = 0; rank < count; rank++) {
    if (takes_part(rank)) arrays[nodes++] = rank == me ? gradient + slice(me) : received_[rank].data();
  }
  ParallelFor(
      size * nodes < kParallelWork / 4 ? 1 : threads, Blocks(own_size, kPiece), [&](size_t i, size_t) {
        const size_t from = i * kPiece;
        SumArrays(arrays, nodes, from, std::min(kPiece, own_size - from), gradient + slice(me) + from);
      });
  sent.clear();
  received.clear();
  for (size_t rank = 0; rank < count; rank++) {
    if (rank == me) continue;
    sent.push_back({rank, gradient + slice(me), bytes(me)});
    received.push_back({rank, gradient + slice(rank), bytes(rank)});
  }
  ranks.Exchange(sent, received);

  // The ranks that take part are so many as nodes of a level of the tree, and in their order.
  std::vector<Totals> sums;
  Outcome result;
  for (size_t rank = 0; rank < count; rank++) {
    if (!takes_part(rank)) continue;
    const Part& part = parts_[rank];
    sums.push_back({part.loss, part.hits});
    if (part.diverged == 0) continue;
    const bool first = result.status == Status::kDone;
    result = {Status::kDiverged, 0, 0, 0, first ? part.layer : std::min<size_t>(result.layer, part.layer)};
  }
  totals->Add(SumOfNode({0, nodes}, [&](size_t i) { return sums[i]; }));
  return result;
}

template <typename T>
uint64_t ChecksumOf(const T* values, size_t size) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(values);
  const size_t count = size * sizeof(T);
  uint64_t sum = 0xcbf29ce484222325;
  for (size_t at = 0; at < count; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, bytes + at, std::min(sizeof(word), count - at));
    sum = (sum ^ word) * 0x100000001b3;
    sum ^= sum >> 32;
  }
  return sum;
}

template class RankSum<double>;
template class RankSum<float>;
template uint64_t ChecksumOf(const double*, size_t);
template uint64_t ChecksumOf(const float*, size_t);

}  // namespace blasnet
