#include "tables/csv_reader.h"

#include <algorithm>
#include <cstring>

#include "tables/cells.h"

namespace blasnet {
namespace {

bool Space(char c) { return c == ' ' || c == '\t'; }

// The ends of lines in a text: line feeds, carriage returns, or both together.
size_t LineEnds(std::string_view text) {
  size_t ends = 0;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) != "\n")) ends++;
  }
  return ends;
}

}  // namespace

CsvReader::CsvReader(CsvOptions options) : options_(std::move(options)) {
  for (const char c : {options_.delimiter, '\n', '\r'}) stops_[static_cast<unsigned char>(c)] = true;
  for (const std::string& word : options_.missing) {
    if (word.empty()) {
      empty_is_missing_ = true;
    } else {
      may_be_missing_[static_cast<unsigned char>(word[0])] = true;
    }
  }
}

bool CsvReader::ReadHeader(bool last) {
  if (!names_.empty()) return true;
  for (;;) {
    const Found found = NextRecord(last);
    if (found == Found::kIncomplete) {
      if (end_ - start_ <= kMostRecord) return false;
      Fail(TextFault::kRecordTooLong, kNoColumn, {});
      return true;
    }
    if (found == Found::kFault || found == Found::kNothing) return true;
    if (found == Found::kRecord) break;
    Next();
  }
  for (size_t i = 0; i < cells_.size(); i++) {
    std::string_view name;
    if (options_.header) name = TextOf(cells_[i]);
    if (FirstNotUtf8(name) != name.size()) {
      names_.clear();
      Fail(TextFault::kNotUtf8, kNoColumn, {});
      return true;
    }
    names_.emplace_back(name);
  }
  if (options_.header) Next();
  columns_.resize(names_.size());
  return true;
}

// Finds the cells of the record at start_.
CsvReader::Found CsvReader::NextRecord(bool last) {
  if (start_ == end_) return last ? Found::kNothing : Found::kIncomplete;
  if (line_ <= options_.skip_lines || (options_.comment != 0 && buffer_[start_] == options_.comment)) {
    return SkipLine(last);
  }
  cells_.clear();
  next_lines_ = 1;
  char* p = buffer_.data() + start_;
  char* const end = buffer_.data() + end_;
  const char delimiter = options_.delimiter;
  for (;;) {
    if (cells_.size() == kMostColumns) {
      Fail(TextFault::kManyColumns, kNoColumn, {});
      return Found::kFault;
    }
    char* cell = p;
    if (options_.trim) {
      while (Space(*cell) && *cell != delimiter) cell++;
    }
    if (cell != end && *cell == options_.quote) {
      p = cell;
      const Found found = QuotedCell(&p, last);
      if (found != Found::kRecord) return found;
    } else {
      while (!stops_[static_cast<unsigned char>(*p)]) p++;
      const char* const from = options_.trim ? std::min(cell, p) : cell;
      const char* to = p;
      if (options_.trim) {
        while (to > from && Space(to[-1])) to--;
      }
      cells_.push_back({const_cast<char*>(from), static_cast<size_t>(to - from), false, false});
    }
    if (p == end) {
      if (last) break;
      return Found::kIncomplete;
    }
    if (*p == delimiter) {
      p++;
      continue;
    }
    if (*p == '\r') {
      if (p + 1 == end && !last) return Found::kIncomplete;
      if (p + 1 != end && p[1] == '\n') p++;
    }
    p++;
    break;
  }
  next_ = static_cast<size_t>(p - buffer_.data());
  const bool blank = cells_.size() == 1 && cells_[0].size == 0 && !cells_[0].quoted;
  return blank ? Found::kNoRecord : Found::kRecord;
}

// Takes the line at start_, whatever it holds.
CsvReader::Found CsvReader::SkipLine(bool last) {
  const char* p = buffer_.data() + start_;
  const char* const end = buffer_.data() + end_;
  while (*p != '\n' && *p != '\r') p++;
  if (!last && (p == end || (*p == '\r' && p + 1 == end))) return Found::kIncomplete;
  if (p != end && *p == '\r' && p + 1 != end && p[1] == '\n') p++;
  if (p != end) p++;
  next_ = static_cast<size_t>(p - buffer_.data());
  next_lines_ = 1;
  return Found::kNoRecord;
}

// Takes the quoted cell at *place, and the spaces behind it.
CsvReader::Found CsvReader::QuotedCell(char** place, bool last) {
  char* const end = buffer_.data() + end_;
  const char quote = options_.quote;
  char* const text = *place + 1;
  char* p = text;
  bool escaped = false;
  for (;;) {
    p = static_cast<char*>(std::memchr(p, quote, static_cast<size_t>(end - p)));
    if (p == nullptr) {
      if (!last && end_ - start_ <= kMostRecord) return Found::kIncomplete;
      Fail(TextFault::kQuoteOpen, cells_.size(), {text, static_cast<size_t>(end - text)});
      return Found::kFault;
    }
    if (p + 1 == end && !last) return Found::kIncomplete;
    if (p + 1 == end || p[1] != quote) break;
    escaped = true;
    p += 2;
  }
  const auto size = static_cast<size_t>(p - text);
  cells_.push_back({text, size, true, escaped});
  next_lines_ += LineEnds({text, size});
  p++;
  if (options_.trim) {
    while (Space(*p) && *p != options_.delimiter) p++;
  }
  if (!stops_[static_cast<unsigned char>(*p)]) {
    Fail(TextFault::kAfterQuote, cells_.size() - 1, {p, static_cast<size_t>(std::find(p, end, '\n') - p)});
    return Found::kFault;
  }
  *place = p;
  return Found::kRecord;
}

bool CsvReader::StoreRecord() {
  size_t count = cells_.size();
  if (count != columns_.size()) {
    while (options_.fill && count > columns_.size() && cells_[count - 1].size == 0) count--;
    const bool short_one = count < columns_.size();
    if (!(options_.fill && count <= columns_.size())) {
      fault_.cells = cells_.size();
      return Fail(short_one ? TextFault::kFewCells : TextFault::kManyCells, kNoColumn, {});
    }
    if (!CountGaps(columns_.size() - count)) return false;
  }
  for (size_t i = 0; i < count; i++) {
    if (!Store(&columns_[i], cells_[i])) {
      fault_.column = i;
      return false;
    }
  }
  for (size_t i = count; i < columns_.size(); i++) StoreMissing(&columns_[i]);
  return true;
}

bool CsvReader::Store(Column* column, const Cell& cell) {
  if (!Wanted(*column)) return true;
  const std::string_view text = TextOf(cell);
  if (Missing(text)) return StoreMissing(column), true;
  if (column->stated) {
    const bool number = column->kind == ColumnKind::kNumber;
    return StoreStated(column, number ? Ungrouped(text) : text, options_.decimal);
  }

  double number = 0;
  bool flag = false;
  switch (column->kind) {
    case ColumnKind::kNumber: {
      const NumberText found = ReadNumber(Ungrouped(text), options_.decimal, &number);
      if (found == NumberText::kNumber) return StoreNumber(column, number), true;
      if (found == NumberText::kInfinite) return Fail(TextFault::kInfinite, 0, text);
      break;
    }
    case ColumnKind::kTime:
      if (ReadTime(text, &number)) return StoreNumber(column, number), true;
      break;
    case ColumnKind::kBoolean:
      if (ReadBoolean(text, &flag)) return StoreFlag(column, flag), true;
      break;
    case ColumnKind::kUnknown:
      return StoreUnknown(column, text);
    default:
      return StoreText(column, text);
  }
  TurnIntoCategory(column);
  return true;
}

// Stores the first text of a column.
bool CsvReader::StoreUnknown(Column* column, std::string_view text) {
  double number = 0;
  bool flag = false;
  const NumberText found = ReadNumber(Ungrouped(text), options_.decimal, &number);
  if (found == NumberText::kInfinite) return Fail(TextFault::kInfinite, 0, text);
  if (found == NumberText::kNumber) {
    Decide(column, ColumnKind::kNumber);
    StoreNumber(column, number);
  } else if (ReadTime(text, &number)) {
    Decide(column, ColumnKind::kTime);
    StoreNumber(column, number);
  } else if (ReadBoolean(text, &flag)) {
    Decide(column, ColumnKind::kBoolean);
    StoreFlag(column, flag);
  } else {
    Decide(column, ColumnKind::kCategory);
    return StoreText(column, text);
  }
  return true;
}

// The text without separators between groups of three digits. A text with other separators stays as it is.
std::string_view CsvReader::Ungrouped(std::string_view text) {
  const char separator = options_.thousands;
  if (separator == 0 || text.find(separator) == std::string_view::npos) return text;
  size_t i = text[0] == '-' || text[0] == '+' ? 1 : 0;
  ungrouped_.assign(text.substr(0, i));
  for (size_t most = 3, groups = 0;; groups++) {
    const size_t first = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') i++;
    const size_t digits = i - first;
    if (digits == 0 || digits > most || (groups > 0 && digits < most)) return text;
    ungrouped_.append(text.substr(first, digits));
    if (i == text.size() || text[i] != separator) break;
    i++;
  }
  if (text.find(separator, i) != std::string_view::npos) return text;
  return ungrouped_.append(text.substr(i));
}

// Writes one quote for two, in place: no record is read twice.
std::string_view CsvReader::TextOf(const Cell& cell) const {
  if (!cell.escaped) return {cell.text, cell.size};
  char* out = cell.text;
  for (size_t i = 0; i < cell.size; i++) {
    *out++ = cell.text[i];
    if (cell.text[i] == options_.quote) i++;
  }
  return {cell.text, static_cast<size_t>(out - cell.text)};
}

bool CsvReader::Missing(std::string_view text) const {
  if (text.empty()) return empty_is_missing_;
  if (!may_be_missing_[static_cast<unsigned char>(text[0])]) return false;
  return std::find(options_.missing.begin(), options_.missing.end(), text) != options_.missing.end();
}

}  // namespace blasnet
