// Encodes the columns of a table as the inputs of a network. A cell first becomes one number, its raw value:
// a number itself, a time in milliseconds, 0 or 1 of a boolean, the index of a known category; NaN where it
// is missing, -1 for a text that is no known category. Each part of the encoding then writes some inputs of
// the row from one raw value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/losses.h"

namespace blasnet {

// The addon exports these numbers by name.
enum class PartType : int32_t {
  // center, scale, fill, and perhaps offset, and perhaps low, high: (x - center) / scale + offset, kept from
  // low to high; x is fill where it is missing
  kScale,
  // center, scale, fill: s / sqrt(1 + (s / 3)^2) with s = (x - center) / scale; x is fill where it is missing
  kSmoothClip,
  // center, scale, fill: (x - center) / scale of category x; fill where it is missing or unknown
  kPlace,
  // 1 where x is missing, otherwise 0
  kMissing,
  // fill, edges b0 < ... < bT: for each bin t, (x - b[t-1]) / (b[t] - b[t-1]), clipped to 0 .. 1, but the
  // first bin
  // is not clipped below and the last one not above
  kPiecewise,
  // count, own: 1 in the place of category x, all from count - 1 on in the last one. If own is 1, a missing x
  // has a place behind these. Zeros where x is unknown, or missing without a place
  kOneHot,
  // -1 for category 0, 1 for category 1, 0 where x is missing or unknown
  kSigns,
  // period, offset: sin and cos of 2 pi (x - offset) / period; 0 and 0 where x is missing
  kCyclic,
  // count, own: the place of category x as for kOneHot, written to the codes; -1 where it has none
  kCode,
};
inline constexpr const char* kPartTypeNames[] = {"scale",  "smoothClip", "place",  "missing", "piecewise",
                                                 "oneHot", "signs",      "cyclic", "code"};

struct EncoderPart {
  PartType type;
  size_t column;  // of the table
  std::vector<double> numbers;

  // How many numbers it needs.
  size_t LeastNumbers() const;
  // How many inputs it writes; a kCode writes none.
  size_t Width() const;
};

// A column of a table, or one raw value.
struct RawColumn {
  enum class Type { kNumbers, kCodes, kFlags } type;
  const void* values;
  // For codes: the index of the known category for each code of the table, or -1.
  const int32_t* known = nullptr;
  size_t known_count = 0;

  double Raw(size_t row) const;
};

class Encoder {
 public:
  // Throws std::out_of_range if a part names no column or lacks numbers.
  Encoder(std::vector<EncoderPart> parts, size_t columns, bool refuse_unknown);

  size_t Columns() const { return columns_; }
  size_t Width() const { return width_; }
  size_t Codes() const { return codes_; }

  // columns (Columns()) -> out (rows, Width()) and codes (rows, Codes()). An infinite number ends it, and so
  // does an unknown category if these are refused: the outcome is kInputNotFinite or kCategoryUnknown, its
  // index the first such row, its layer the column. An input that is beyond the range of T is
  // kInputNotFinite, too.
  template <typename T>
  Outcome Encode(const std::vector<RawColumn>& columns, size_t rows, T* out, int32_t* codes,
                 Control& control) const;

  // raw (Columns()) -> out (Width()) and codes (Codes()): the same for one row.
  template <typename T>
  Outcome EncodeRow(const double* raw, T* out, int32_t* codes) const;

 private:
  std::vector<EncoderPart> parts_;
  size_t columns_;
  std::vector<char> categories_;  // (columns) whether the column's raw values are categories
  size_t width_ = 0;
  size_t codes_ = 0;
  bool refuse_unknown_;
};

}  // namespace blasnet
