#include "tables/encoder.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <stdexcept>

#include "engine/pieces.h"
#include "kernels/c_library.h"

namespace blasnet {
namespace {

constexpr size_t kRowsOfPiece = 2048;
constexpr double kTwoPi = 6.283185307179586;

// The place of category x; -1 if it has none.
double PlaceOf(const EncoderPart& part, double x) {
  const double count = part.numbers[0], own = part.numbers[1];
  if (std::isnan(x)) return own == 1 ? count : -1;
  return x >= 0 ? std::min(x, count - 1) : -1;
}

double Scaled(const std::vector<double>& numbers, double x) {
  double scaled = (x - numbers[0]) / numbers[1];
  if (numbers.size() > 3) scaled += numbers[3];
  if (numbers.size() > 5) scaled = std::min(std::max(scaled, numbers[4]), numbers[5]);
  return scaled;
}

double SmoothlyClipped(double s) {
  const double third = s / 3;
  // Of a huge s the square overflows, and the quotient would be 0 instead of 3.
  return std::fabs(s) > 1e100 ? std::copysign(3.0, s) : s / std::sqrt(1 + third * third);
}

// Writes the inputs of one part, Width() elements. Returns whether those that may overflow are finite.
template <typename T>
bool Write(const EncoderPart& part, double x, T* out, int32_t* code) {
  const std::vector<double>& numbers = part.numbers;
  const bool missing = std::isnan(x);
  switch (part.type) {
    case PartType::kScale:
      *out = static_cast<T>(Scaled(numbers, missing ? numbers[2] : x));
      return std::isfinite(*out);
    case PartType::kSmoothClip:
      *out = static_cast<T>(SmoothlyClipped(((missing ? numbers[2] : x) - numbers[0]) / numbers[1]));
      return true;
    case PartType::kPlace:
      *out = static_cast<T>(x >= 0 ? (x - numbers[0]) / numbers[1] : numbers[2]);
      return true;
    case PartType::kMissing:
      *out = missing ? T{1} : T{0};
      return true;
    case PartType::kPiecewise: {
      const double value = missing ? numbers[0] : x;
      const double* const edges = numbers.data() + 1;
      const size_t bins = numbers.size() - 2;
      for (size_t t = 0; t < bins; t++) {
        double share = (value - edges[t]) / (edges[t + 1] - edges[t]);
        if (t > 0) share = std::max(share, 0.0);
        if (t + 1 < bins) share = std::min(share, 1.0);
        out[t] = static_cast<T>(share);
      }
      return std::isfinite(out[0]) && std::isfinite(out[bins - 1]);
    }
    case PartType::kOneHot: {
      std::fill_n(out, part.Width(), T{0});
      const double place = PlaceOf(part, x);
      if (place >= 0) out[static_cast<size_t>(place)] = T{1};
      return true;
    }
    case PartType::kSigns:
      *out = x == 0 ? T{-1} : x == 1 ? T{1} : T{0};
      return true;
    case PartType::kCyclic: {
      const double turns = (x - numbers[1]) / numbers[0];
      const double angle = kTwoPi * (turns - std::floor(turns));
      out[0] = static_cast<T>(missing ? 0.0 : c_library::Sin(angle));
      out[1] = static_cast<T>(missing ? 0.0 : c_library::Cos(angle));
      return true;
    }
    case PartType::kCode:
      *code = static_cast<int32_t>(PlaceOf(part, x));
      return true;
  }
  return true;
}

}  // namespace

size_t EncoderPart::LeastNumbers() const {
  switch (type) {
    case PartType::kScale:
    case PartType::kSmoothClip:
    case PartType::kPlace:
    case PartType::kPiecewise:
      return 3;
    case PartType::kCyclic:
    case PartType::kOneHot:
    case PartType::kCode:
      return 2;
    default:
      return 0;
  }
}

size_t EncoderPart::Width() const {
  switch (type) {
    case PartType::kPiecewise:
      return numbers.size() - 2;
    case PartType::kOneHot:
      return static_cast<size_t>(numbers[0] + numbers[1]);
    case PartType::kCyclic:
      return 2;
    case PartType::kCode:
      return 0;
    default:
      return 1;
  }
}

double RawColumn::Raw(size_t row) const {
  switch (type) {
    case Type::kNumbers:
      return static_cast<const double*>(values)[row];
    case Type::kFlags: {
      const int8_t flag = static_cast<const int8_t*>(values)[row];
      return flag < 0 ? std::nan("") : flag;
    }
    default: {
      // Read once: another thread may write the codes.
      const int32_t code = static_cast<const volatile int32_t*>(values)[row];
      if (code < 0) return std::nan("");
      return static_cast<size_t>(code) < known_count ? known[code] : -1;
    }
  }
}

Encoder::Encoder(std::vector<EncoderPart> parts, size_t columns, bool refuse_unknown)
    : parts_(std::move(parts)), columns_(columns), categories_(columns), refuse_unknown_(refuse_unknown) {
  for (const EncoderPart& part : parts_) {
    if (part.column >= columns || part.numbers.size() < part.LeastNumbers()) {
      throw std::out_of_range("a part of an encoder");
    }
    width_ += part.Width();
    if (part.type == PartType::kCode) codes_++;
    const bool category = part.type == PartType::kOneHot || part.type == PartType::kSigns ||
                          part.type == PartType::kPlace || part.type == PartType::kCode;
    if (category) categories_[part.column] = 1;
  }
}

template <typename T>
Outcome Encoder::EncodeRow(const double* raw, T* out, int32_t* codes) const {
  for (size_t i = 0; i < columns_; i++) {
    if (std::isinf(raw[i])) return {Status::kInputNotFinite, 0, 0, 0, i};
    if (refuse_unknown_ && raw[i] == -1 && categories_[i] != 0) return {Status::kCategoryUnknown, 0, 0, 0, i};
  }
  for (const EncoderPart& part : parts_) {
    if (!Write(part, raw[part.column], out, codes)) return {Status::kInputNotFinite, 0, 0, 0, part.column};
    out += part.Width();
    if (part.type == PartType::kCode) codes++;
  }
  return {};
}

template <typename T>
Outcome Encoder::Encode(const std::vector<RawColumn>& columns, size_t rows, T* out, int32_t* codes,
                        Control& control) const {
  std::atomic<size_t> bad{rows};
  ForPieces(control.ThreadLimit(), rows, kRowsOfPiece, control, [&](size_t first, size_t last, size_t) {
    std::vector<double> raw(columns_);
    for (size_t row = first; row < last; row++) {
      for (size_t i = 0; i < columns_; i++) raw[i] = columns[i].Raw(row);
      if (EncodeRow(raw.data(), out + row * width_, codes + row * codes_).status == Status::kDone) continue;
      Lower(&bad, row);
      return;
    }
  });
  if (control.Stopped()) return {Status::kStopped};
  const size_t row = bad;
  if (row == rows) return {};
  // Which column it was, as EncodeRow says.
  std::vector<double> raw(columns_);
  for (size_t i = 0; i < columns_; i++) raw[i] = columns[i].Raw(row);
  Outcome outcome = EncodeRow(raw.data(), out + row * width_, codes + row * codes_);
  outcome.index = row;
  return outcome;
}

template Outcome Encoder::EncodeRow(const double*, double*, int32_t*) const;
template Outcome Encoder::EncodeRow(const double*, float*, int32_t*) const;
template Outcome Encoder::Encode(const std::vector<RawColumn>&, size_t, double*, int32_t*, Control&) const;
template Outcome Encoder::Encode(const std::vector<RawColumn>&, size_t, float*, int32_t*, Control&) const;

}  // namespace blasnet
