#include "engine/draws.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/pool.h"
#include "kernels/read_once.h"

namespace blasnet {
namespace {

// Numbers between two looks at the stop flag.
constexpr size_t kPiece = size_t{1} << 18;

// Another thread may change the state after its check.
size_t PositionIn(const uint32_t* state) {
  return std::min<size_t>(ReadOnce(state + Twister::kWords), Twister::kWords);
}

Twister Continue(const uint32_t* state) { return {state, PositionIn(state)}; }

void Save(const Twister& twister, uint32_t* state) {
  state[Twister::kWords] = static_cast<uint32_t>(twister.Save(state));
}

// Calls fill(first, size) for all pieces of `size` numbers. Returns whether it reached the end.
template <class F>
bool InPieces(size_t size, const Control& control, const F& fill) {
  for (size_t first = 0; first < size; first += kPiece) {
    if (control.Stopped()) return false;
    fill(first, std::min(kPiece, size - first));
  }
  return true;
}

bool DrawOrder(Twister* twister, const uint32_t* from, size_t size, size_t count, uint32_t* order,
               const Control& control) {
  const bool begun = InPieces(size, control, [&](size_t first, size_t part) {
    if (from == nullptr) {
      for (size_t i = first; i < first + part; i++) order[i] = static_cast<uint32_t>(i);
    } else if (from != order) {
      std::copy_n(from + first, part, order + first);
    }
  });
  if (!begun) return false;
  for (size_t last = count; last > 1;) {
    if (control.Stopped()) return false;
    const size_t first = last > kPiece ? last - kPiece : 1;
    ShuffleDown(twister, order, first, last);
    last = first;
  }
  return true;
}

// Numbers of words that become numbers at a time: by one thread, and by all.
constexpr size_t kPieceWords = size_t{1} << 12;
constexpr size_t kBatchWords = 32 * kPieceWords;

size_t Pieces(size_t size, size_t piece) { return (size + piece - 1) / piece; }

// The words of a generator, in batches of units of `each` words. The words themselves come one after another.
// What is made of them is made in pieces, on several threads, while the words of the next batch are drawn.
class Batches {
 public:
  // For `most` units at most.
  Batches(const uint32_t* state, size_t each, size_t most)
      : each_(each), position_(PositionIn(state)), most_(std::min(most, kBatchWords / each)) {
    std::copy_n(state, Twister::kWords, key_.begin());
    ready_.words.resize(most_ * each);
    next_.words.resize(most_ * each);
  }

  // The units of a piece, the most pieces of a batch, and the units of the present batch.
  size_t PieceSize() const { return kPieceWords / each_; }
  size_t MostPieces() const { return Pieces(most_, PieceSize()); }
  size_t Ready() const { return ready_.size; }

  // Calls body(piece, words, units) for the first `pieces` pieces of the present batch. Then the next batch,
  // of `wanted` units at most, is the present one.
  template <class F>
  void Run(size_t pieces, size_t wanted, const Control& control, const F& body) {
    next_.size = std::min(wanted, most_);
    const size_t threads = (ready_.size + next_.size) * each_ > 8 * kPieceWords ? control.Threads() : 1;
    ParallelFor(threads, 1 + pieces, [&](size_t i, size_t) {
      if (i == 0) {
        position_ = DrawWords(key_.data(), position_, next_.size * each_, next_.words.data());
        return;
      }
      const size_t first = std::min((i - 1) * PieceSize(), ready_.size);
      body(i - 1, ready_.words.data() + first * each_, std::min(PieceSize(), ready_.size - first));
    });
    std::swap(ready_, next_);
  }

  void Save(uint32_t* state) const {
    std::copy(key_.begin(), key_.end(), state);
    state[Twister::kWords] = static_cast<uint32_t>(position_);
  }

 private:
  struct Batch {
    std::vector<uint32_t> words;
    size_t size = 0;
  };

  const size_t each_;
  std::array<uint32_t, Twister::kWords> key_;
  size_t position_;
  const size_t most_;
  Batch ready_;
  Batch next_;
};

// Numbers that were made of a piece of words, on their way to their place.
template <typename T>
struct MadeNumbers {
  std::vector<T> numbers;
  DrawnNormals drawn{0, std::numeric_limits<double>::quiet_NaN()};
  size_t place = 0;
};

}  // namespace

Outcome DrawOrders(uint32_t* state, const uint32_t* from, size_t repeats, size_t size, size_t count,
                   uint32_t* orders, const Control& control) {
  Twister twister = Continue(state);
  for (size_t i = 0; i < repeats; i++) {
    if (!DrawOrder(&twister, from, size, count, orders + i * size, control)) return {Status::kStopped};
  }
  Save(twister, state);
  return {};
}

template <typename T>
Outcome DrawUniform(uint32_t* state, double low, double range, size_t size, T* out, const Control& control) {
  Batches batches(state, kUniformWords, size);
  for (size_t begun = 0, done = 0; done < size;) {
    if (control.Stopped()) return {Status::kStopped};
    const size_t ready = batches.Ready();
    T* const to = out + done;
    batches.Run(Pieces(ready, batches.PieceSize()), size - begun, control,
                [&](size_t piece, const uint32_t* words, size_t count) {
                  Uniforms(words, low, range, count, to + piece * batches.PieceSize());
                });
    begun += batches.Ready();
    done += ready;
  }
  batches.Save(state);
  return {};
}

template <typename T>
Outcome DrawNormal(uint32_t* state, double* spare, const NormalOptions& options, size_t size, T* out,
                   const Control& control) {
  if (size == 0) return {};
  size_t done = 0;
  if (std::abs(*spare) <= options.limit)
    out[done++] = static_cast<T>(options.mean + options.deviation * *spare);
  double second = std::numeric_limits<double>::quiet_NaN();
  Batches batches(state, kCandidateWords, (size - done + 1) / 2);
  std::vector<MadeNumbers<T>> made(batches.MostPieces());
  bool waiting = false;  // numbers, to be brought to their places
  while (done < size || waiting) {
    if (control.Stopped()) return {Status::kStopped};
    // A candidate makes two numbers at most, so these are all needed.
    const size_t needed = done < size ? (size - done + 1) / 2 : 0;
    const size_t ready = batches.Ready();
    batches.Run(made.size(), needed - ready, control, [&](size_t i, const uint32_t* words, size_t count) {
      auto& [numbers, drawn, place] = made[i];
      // The last pair's second normal may have no place.
      std::copy_n(numbers.data(), std::min(drawn.count, size - place), out + place);
      numbers.resize(std::max(numbers.size(), 2 * count));
      drawn = Normals(words, count, options, numbers.data());
    });
    waiting = false;
    for (auto& [numbers, drawn, place] : made) {
      place = std::min(done, size);
      done += drawn.count;
      waiting = waiting || drawn.count > 0;
      if (!std::isnan(drawn.second)) second = drawn.second;
    }
  }
  batches.Save(state);
  // The second normal of the last pair is left if all numbers were there before it.
  const bool left = done > size || !(std::abs(second) <= options.limit);
  *spare = left ? second : std::numeric_limits<double>::quiet_NaN();
  return {};
}

#define BLASNET_INSTANTIATE(T)                                                            \
  template Outcome DrawUniform<T>(uint32_t*, double, double, size_t, T*, const Control&); \
  template Outcome DrawNormal<T>(uint32_t*, double*, const NormalOptions&, size_t, T*, const Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
