#include "engine/orthogonal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "engine/draws.h"
#include "engine/pool.h"
#include "kernels/gemm.h"

namespace blasnet {
namespace {

// The rows of a block. Rows are made orthogonal to earlier blocks together, by matrix products, and to each
// other within a block one by one.
constexpr size_t kBlock = 32;
// The columns of a product are computed in pieces of at least so many multiplications, since OpenBLAS has
// other kernels for small products, which round differently.
constexpr size_t kMultiplications = size_t{1} << 22;
// Pieces have a multiple of these columns: the columns that a kernel of OpenBLAS takes together, or, if the
// last columns may be fewer, those that go through its cache together. Then the pieces have the bits of the
// whole product.
constexpr size_t kTogether = 16, kCached = 192;
// Elements between two looks at the stop flag.
constexpr size_t kPiece = size_t{1} << 18;

using Numbers = std::unique_ptr<double[]>;

// Memory that is not set to zero first.
Numbers Allocate(size_t size) { return Numbers(new double[size]); }

// Calls body(first, last) for pieces of `piece` elements, on several threads. Returns whether it reached the
// end.
template <class F>
bool InPieces(size_t size, size_t piece, const Control& control, const F& body) {
  ParallelFor(control.Threads(), (size + piece - 1) / piece, [&](size_t i, size_t) {
    if (!control.Stopped()) body(i * piece, std::min(size, (i + 1) * piece));
  });
  return !control.Stopped();
}

// out (cols x rows) = the transpose of in (rows x cols), times `gain`.
template <typename T>
bool TransposeTo(const double* in, size_t rows, size_t cols, double gain, T* out, const Control& control) {
  constexpr size_t kLine = 8;  // doubles of a cache line
  return InPieces(cols, kLine, control, [&](size_t first, size_t last) {
    for (size_t r = 0; r < rows && (r % kPiece != 0 || !control.Stopped()); r++) {
      for (size_t c = first; c < last; c++) out[c * rows + r] = static_cast<T>(gain * in[r * cols + c]);
    }
  });
}

// Gram-Schmidt of the rows of A (k x n), in place. It projects twice, which leaves only rounding errors
// (Giraud et al., 2005).
class GramSchmidt {
 public:
  GramSchmidt(double* rows, size_t k, size_t n, const Control& control)
      : rows_(rows), k_(k), n_(n), shares_(Allocate(kBlock * k)), control_(control) {}

  // Returns whether it reached the end.
  bool Run() {
    for (size_t start = 0; start < k_; start += kBlock) {
      const size_t count = std::min(kBlock, k_ - start);
      double* const block = rows_ + start * n_;
      for (int pass = 0; pass < 2 && start > 0; pass++) {
        if (!Project(start, count, block)) return false;
      }
      for (size_t r = 0; r < count; r++) {
        if (!ProjectRow(block, r)) return false;
      }
    }
    return true;
  }

 private:
  // Subtracts from `count` rows their projections on the rows before `start`.
  bool Project(size_t start, size_t count, double* block) {
    double* const shares = shares_.get();
    const bool done = InColumns(start, count * n_, [&](size_t first, size_t columns) {
      Gemm(Transpose::kNo, Transpose::kYes, count, columns, n_, 1.0, block, n_, rows_ + first * n_, n_, 0.0,
           shares + first, start);
    });
    return done && InColumns(n_, count * start, [&](size_t first, size_t columns) {
             Gemm(Transpose::kNo, Transpose::kNo, count, columns, start, -1.0, shares, start, rows_ + first,
                  n_, 1.0, block + first, n_);
           });
  }

  // Calls body(first, count) for pieces of a product's columns, of `each` multiplications a column. Returns
  // whether it reached the end.
  template <class F>
  bool InColumns(size_t columns, size_t each, const F& body) {
    const size_t least = (kMultiplications + each - 1) / each;
    const size_t step = columns % kTogether == 0 ? kTogether : kCached;
    const size_t piece = (least + step - 1) / step * step;
    const size_t pieces = std::max<size_t>(1, columns / piece);
    ParallelFor(control_.Threads(), pieces, [&](size_t i, size_t) {
      const size_t first = i * piece;
      if (!control_.Stopped()) body(first, i + 1 < pieces ? piece : columns - first);
    });
    return !control_.Stopped();
  }

  // Subtracts from row r of a block its projections on the rows above it, and divides it by its length.
  bool ProjectRow(double* block, size_t r) {
    double* const row = block + r * n_;
    for (int pass = 0; pass < 2; pass++) {
      for (size_t other = 0; other < r; other++) {
        const double* const before = block + other * n_;
        const double share = Dot(row, before);
        ForPieces([&](size_t c) { row[c] -= share * before[c]; });
        if (control_.Stopped()) return false;
      }
    }
    const double length = std::sqrt(Dot(row, row));
    ForPieces([&](size_t c) { row[c] /= length; });
    return !control_.Stopped();
  }

  // In the order of the elements, so that the sum does not depend on the processor.
  double Dot(const double* a, const double* b) const {
    double sum = 0;
    ForPieces([&](size_t i) { sum += a[i] * b[i]; });
    return sum;
  }

  // Calls body(i) for every element of a row, unless the operation is stopped.
  template <class F>
  void ForPieces(const F& body) const {
    for (size_t first = 0; first < n_ && !control_.Stopped(); first += kPiece) {
      const size_t last = std::min(n_, first + kPiece);
      for (size_t i = first; i < last; i++) body(i);
    }
  }

  double* const rows_;
  const size_t k_;
  const size_t n_;
  const Numbers shares_;  // of a block's rows (kBlock) in the rows before (k)
  const Control& control_;
};

}  // namespace

template <typename T>
Outcome DrawOrthogonal(uint32_t* state, double* spare, size_t rows, size_t cols, double gain, T* out,
                       const Control& control) {
  constexpr Outcome kStopped{Status::kStopped};
  const NormalOptions standard{0, 1, std::numeric_limits<double>::infinity()};
  const size_t size = rows * cols;
  std::array<uint32_t, kStateWords> later;
  std::copy_n(state, kStateWords, later.begin());
  double later_spare = *spare;
  Numbers numbers = Allocate(size);
  if (DrawNormal(later.data(), &later_spare, standard, size, numbers.get(), control).status !=
      Status::kDone) {
    return kStopped;
  }
  if (rows <= cols) {
    if (!GramSchmidt(numbers.get(), rows, cols, control).Run()) return kStopped;
    const bool done = InPieces(size, kPiece, control, [&](size_t first, size_t last) {
      for (size_t i = first; i < last; i++) out[i] = static_cast<T>(gain * numbers[i]);
    });
    if (!done) return kStopped;
  } else {
    Numbers columns = Allocate(size);
    if (!TransposeTo(numbers.get(), rows, cols, 1, columns.get(), control)) return kStopped;
    if (!GramSchmidt(columns.get(), cols, rows, control).Run()) return kStopped;
    if (!TransposeTo(columns.get(), cols, rows, gain, out, control)) return kStopped;
  }
  std::copy(later.begin(), later.end(), state);
  *spare = later_spare;
  return {};
}

#define BLASNET_INSTANTIATE(T) \
  template Outcome DrawOrthogonal<T>(uint32_t*, double*, size_t, size_t, double, T*, const Control&);
BLASNET_INSTANTIATE(double)
BLASNET_INSTANTIATE(float)
#undef BLASNET_INSTANTIATE

}  // namespace blasnet
