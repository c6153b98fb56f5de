#include "tables/text_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "tables/cells.h"

namespace blasnet {
namespace {

constexpr double kMostFinite = std::numeric_limits<double>::max();
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
// The bytes of a cell that a message shows.
constexpr size_t kShown = 60;
// Whether to stop is asked once in so many records.
constexpr size_t kRecordsBetweenStops = 1024;

// The start of a text, cut between characters.
std::string Shown(std::string_view text) {
  size_t size = std::min(text.size(), kShown);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) size--;
  std::string shown(text.substr(0, size));
  if (size < text.size()) shown += "...";
  return shown;
}

}  // namespace

void TextReader::Add(const char* bytes, size_t size) {
  const size_t rest = end_ - start_;
  if (rest > 0) std::memmove(buffer_.data(), buffer_.data() + start_, rest);
  buffer_.resize(rest + size + 1);
  if (size > 0) std::memcpy(buffer_.data() + rest, bytes, size);
  start_ = 0;
  end_ = rest + size;
  bytes_ += size;
  buffer_[end_] = '\n';
}

void TextReader::State(const std::vector<ColumnKind>& kinds) {
  rows_ = 0;
  values_ = 0;
  for (size_t i = 0; i < columns_.size(); i++) {
    columns_[i] = Column();
    columns_[i].kind = kinds.at(i);
    columns_[i].stated = kinds[i] != ColumnKind::kUnknown;
  }
}

Outcome TextReader::Read(bool last, size_t rows, size_t bytes, const Control& control) {
  full_ = false;
  for (size_t i = 0; fault_.fault == TextFault::kNone; i++) {
    if (i % kRecordsBetweenStops == 0 && control.Stopped()) return {Status::kStopped};
    if (values_ >= rows || part_bytes_ >= bytes) {
      full_ = true;
      break;
    }
    const Found found = NextRecord(last);
    if (found == Found::kIncomplete) {
      if (end_ - start_ <= kMostRecord) break;
      Fail(TextFault::kRecordTooLong, kNoColumn, {});
    }
    if (found == Found::kNothing || found == Found::kFault) break;
    if (found == Found::kRecord) {
      if (values_ >= size_t{UINT32_MAX}) Fail(TextFault::kManyRows, kNoColumn, {});
      if (fault_.fault != TextFault::kNone || !StoreRecord()) break;
      rows_++;
      values_++;
      part_bytes_ += next_ - start_;
    }
    Next();
  }
  if (fault_.fault != TextFault::kNone) return {Status::kTextWrong};
  return {Status::kDone, values_};
}

Outcome TextReader::Summarise(size_t most_texts, size_t most_bytes, const Control& control) {
  for (Column& column : columns_) {
    if (control.Stopped()) return {Status::kStopped};
    if (!Wanted(column)) continue;
    column.present += values_ - column.missing;
    double least = column.least, greatest = column.greatest;
    column.numbers.ForEachPiece([&](const double* numbers, size_t count) {
      // A comparison with NaN is false.
      for (size_t i = 0; i < count; i++) {
        least = numbers[i] < least && numbers[i] >= -kMostFinite ? numbers[i] : least;
        greatest = numbers[i] > greatest && numbers[i] <= kMostFinite ? numbers[i] : greatest;
      }
    });
    column.least = least;
    column.greatest = greatest;
    column.many |= column.texts.Size() > most_texts || column.texts.Bytes().size() > most_bytes;
    if (column.many) column.texts = Dictionary();
  }
  ClearValues();
  return {};
}

void TextReader::ClearValues() {
  for (Column& column : columns_) {
    column.numbers.Clear();
    column.codes.Clear();
    column.flags.Clear();
    column.missing = 0;
  }
  values_ = 0;
  part_bytes_ = 0;
}

bool TextReader::StoreText(Column* column, std::string_view text) {
  const size_t known = column->texts.Size();
  column->codes.Push(column->texts.Code(text));
  if (column->texts.Size() > known && FirstNotUtf8(text) != text.size()) {
    return Fail(TextFault::kNotUtf8, 0, {});
  }
  return true;
}

bool TextReader::StoreStated(Column* column, std::string_view text, char decimal) {
  double number = 0;
  bool flag = false;
  switch (column->kind) {
    case ColumnKind::kNumber: {
      const NumberText found = ReadNumber(text, decimal, &number);
      if (found == NumberText::kInfinite) return Fail(TextFault::kInfinite, 0, text);
      if (found == NumberText::kNotNumber) return Fail(TextFault::kNotOfKind, 0, text);
      return StoreNumber(column, number), true;
    }
    case ColumnKind::kTime:
      if (!ReadTime(text, &number)) return Fail(TextFault::kNotOfKind, 0, text);
      return StoreNumber(column, number), true;
    case ColumnKind::kBoolean:
      if (!ReadStatedBoolean(text, &flag)) return Fail(TextFault::kNotOfKind, 0, text);
      return StoreFlag(column, flag), true;
    default:
      return StoreText(column, text);
  }
}

void TextReader::StoreMissing(Column* column) {
  column->missing++;
  switch (column->kind) {
    case ColumnKind::kNumber:
    case ColumnKind::kTime:
      return column->numbers.Push(kGap);
    case ColumnKind::kCategory:
      return column->codes.Push(-1);
    case ColumnKind::kBoolean:
      return column->flags.Push(-1);
    default:
      return;
  }
}

bool TextReader::CountGaps(size_t gaps) {
  gaps_ += gaps;
  if (gaps_ <= kMostGaps || gaps_ / kMostGapsPerByte <= bytes_) return true;
  return Fail(TextFault::kManyGaps, kNoColumn, {});
}

void TextReader::TurnIntoCategory(Column* column) {
  column->kind = ColumnKind::kCategory;
  column->late = true;
  column->numbers.Clear();
  column->flags.Clear();
}

void TextReader::Decide(Column* column, ColumnKind kind) {
  column->kind = kind;
  const size_t gaps = column->missing;
  if (kind == ColumnKind::kCategory) {
    column->codes.Fill(gaps, -1);
  } else if (kind == ColumnKind::kBoolean) {
    column->flags.Fill(gaps, -1);
  } else {
    column->numbers.Fill(gaps, kGap);
  }
}

bool TextReader::Fail(TextFault fault, size_t column, std::string_view text) {
  fault_.fault = fault;
  fault_.line = line_;
  fault_.row = rows_;
  fault_.column = column;
  fault_.text = Shown(text);
  return false;
}

}  // namespace blasnet
