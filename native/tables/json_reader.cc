#include "tables/json_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "tables/cells.h"

namespace blasnet {
namespace {

constexpr size_t kShown = 80;

bool Space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool InNumber(char c) {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// JSON's numbers are stricter than ReadNumber: no leading zero or plus, a digit on both sides of the point.
bool JsonNumber(std::string_view text) {
  size_t i = 0;
  const auto digits = [&] {
    const size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') i++;
    return i - start;
  };
  if (i < text.size() && text[i] == '-') i++;
  const size_t first = i;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (i < text.size() && text[i] == '.') {
    i++;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    i++;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) i++;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// The number of four hexadecimal digits, or -1.
int32_t Hexadecimal(const char* digits) {
  int32_t number = 0;
  for (size_t i = 0; i < 4; i++) {
    const char c = digits[i];
    int32_t digit = -1;
    if (c >= '0' && c <= '9') digit = c - '0';
    if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (digit < 0) return -1;
    number = 16 * number + digit;
  }
  return number;
}

char* WriteUtf8(int32_t code, char* out) {
  const auto byte = [&](int32_t bits) { *out++ = static_cast<char>(static_cast<unsigned char>(bits)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | (code >> 6));
    byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3f));
    byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3f));
    byte(0x80 | ((code >> 6) & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
  return out;
}

}  // namespace

JsonReader::Found JsonReader::NextRecord(bool last) {
  next_lines_ = 0;
  char* p = SkipSpace(buffer_.data() + start_);
  start_ = static_cast<size_t>(p - buffer_.data());
  line_ += next_lines_;
  next_lines_ = 0;
  if (p == buffer_.data() + end_) {
    if (!last) return Found::kIncomplete;
    if (expected_ == Expected::kAnything || expected_ == Expected::kMoreRecords ||
        expected_ == Expected::kSpace) {
      return Found::kNothing;
    }
    return Wrong(TextFault::kNotJson, p);
  }
  if (*p != '{') return Punctuation(p);
  if (expected_ == Expected::kSpace || expected_ == Expected::kCommaOrEnd)
    return Wrong(TextFault::kNotJson, p);
  const Found found = Record(&p, last);
  if (found != Found::kRecord) return found;
  next_ = static_cast<size_t>(p - buffer_.data());
  return found;
}

// Takes what stands between records: [ , ].
JsonReader::Found JsonReader::Punctuation(char* p) {
  if (*p == '[' && expected_ == Expected::kAnything) {
    expected_ = Expected::kRecordOrEnd;
  } else if (*p == ',' && expected_ == Expected::kCommaOrEnd) {
    expected_ = Expected::kRecord;
  } else if (*p == ']' && (expected_ == Expected::kCommaOrEnd || expected_ == Expected::kRecordOrEnd)) {
    expected_ = Expected::kSpace;
  } else {
    const bool value =
        expected_ != Expected::kSpace && expected_ != Expected::kCommaOrEnd && *p != ']' && *p != ',';
    return Wrong(value ? TextFault::kNotRecord : TextFault::kNotJson, p);
  }
  next_ = static_cast<size_t>(p + 1 - buffer_.data());
  return Found::kNoRecord;
}

// Takes the object at *place.
JsonReader::Found JsonReader::Record(char** place, bool last) {
  members_.clear();
  char* const end = buffer_.data() + end_;
  char* p = SkipSpace(*place + 1);
  if (p != end && *p == '}') {
    *place = p + 1;
    return Found::kRecord;
  }
  for (;;) {
    Member member;
    if (members_.size() == kMostColumns) {
      Fail(TextFault::kManyColumns, kNoColumn, {});
      return Found::kFault;
    }
    if (p == end) return Ends(last, p);
    if (*p != '"') return Wrong(TextFault::kNotJson, p);
    Found found = String(&p, last, &member.name);
    if (found != Found::kRecord) return found;
    p = SkipSpace(p);
    if (p == end) return Ends(last, p);
    if (*p != ':') return Wrong(TextFault::kNotJson, p);
    p = SkipSpace(p + 1);
    if (p == end) return Ends(last, p);
    found = Value(&p, last, &member);
    if (found != Found::kRecord) return found;
    members_.push_back(member);
    p = SkipSpace(p);
    if (p == end) return Ends(last, p);
    if (*p == '}') break;
    if (*p != ',') return Wrong(TextFault::kNotJson, p);
    p = SkipSpace(p + 1);
  }
  *place = p + 1;
  return Found::kRecord;
}

JsonReader::Found JsonReader::Value(char** place, bool last, Member* member) {
  char* const p = *place;
  switch (*p) {
    case '"':
      member->type = ValueType::kText;
      return String(place, last, &member->value);
    case '{':
    case '[':
      return Nested(member, p);
    case 't':
    case 'f':
      member->type = *p == 't' ? ValueType::kTrue : ValueType::kFalse;
      member->value = {p, *p == 't' ? size_t{4} : size_t{5}, false};
      return Word(place, last, *p == 't' ? "true" : "false");
    case 'n':
      return Word(place, last, "null");
    case 'N':
      return Word(place, last, "NaN");
    default:
      break;
  }
  member->type = ValueType::kNumber;
  const bool negative = *p == '-' && p[1] == 'I';
  if (*p == 'I' || negative) {
    const std::string_view word = negative ? "-Infinity" : "Infinity";
    member->value = {p, word.size(), false};
    return Word(place, last, word);
  }
  char* end = p;
  while (InNumber(*end)) end++;
  if (end == buffer_.data() + end_ && !last) return Found::kIncomplete;
  member->value = {p, static_cast<size_t>(end - p), false};
  if (!JsonNumber({p, member->value.size})) return Wrong(TextFault::kNotJson, p);
  *place = end;
  return Found::kRecord;
}

JsonReader::Found JsonReader::Word(char** place, bool last, std::string_view word) {
  const size_t rest = static_cast<size_t>(buffer_.data() + end_ - *place);
  const std::string_view text(*place, std::min(rest, word.size()));
  if (text != word.substr(0, text.size())) return Wrong(TextFault::kNotJson, *place);
  if (text.size() < word.size()) return Ends(last, *place);
  *place += word.size();
  return Found::kRecord;
}

// Takes the string at *place.
JsonReader::Found JsonReader::String(char** place, bool last, Text* text) {
  char* const end = buffer_.data() + end_;
  char* p = *place + 1;
  text->bytes = p;
  for (;; p++) {
    // A line feed stands behind the text.
    const auto c = static_cast<unsigned char>(*p);
    if (c == '"') break;
    if (c == '\\') {
      text->escaped = true;
      if (p + 1 == end) return Ends(last, p);
      p++;
    } else if (c < 0x20) {
      return p == end ? Ends(last, p) : Wrong(TextFault::kNotJson, p);
    }
  }
  text->size = static_cast<size_t>(p - text->bytes);
  *place = p + 1;
  return Found::kRecord;
}

JsonReader::Found JsonReader::Ends(bool last, const char* at) {
  return last ? Wrong(TextFault::kNotJson, at) : Found::kIncomplete;
}

char* JsonReader::SkipSpace(char* p) {
  const char* const end = buffer_.data() + end_;
  for (; p != end && Space(*p); p++) {
    if (*p == '\n') next_lines_++;
  }
  return p;
}

JsonReader::Found JsonReader::Wrong(TextFault fault, const char* at) {
  const auto rest = static_cast<size_t>(buffer_.data() + end_ - at);
  const std::string_view text(at, std::min(rest, kShown));
  line_ += next_lines_;
  Fail(fault, kNoColumn, text.substr(0, text.find('\n')));
  return Found::kFault;
}

// The fault of an array or an object in the place of a value.
JsonReader::Found JsonReader::Nested(Member* member, const char* at) {
  size_t column = kNoColumn;
  if (NameOf(member)) FindColumn({member->name.bytes, member->name.size}, &column);
  if (fault_.fault == TextFault::kNone) {
    Wrong(TextFault::kNested, at);
    fault_.column = column;
  }
  return Found::kFault;
}

bool JsonReader::StoreRecord() {
  const size_t stamp = rows_ + 1;
  likely_ = 0;
  for (Member& member : members_) {
    size_t index = 0;
    if (!NameOf(&member) || !FindColumn({member.name.bytes, member.name.size}, &index)) return false;
    if (!ReadText(&member.value, index)) return false;
    if (last_stored_[index] == stamp) return Fail(TextFault::kTwice, index, {});
    last_stored_[index] = stamp;
    if (!Store(&columns_[index], &member)) {
      fault_.column = index;
      return false;
    }
  }
  if (members_.size() < columns_.size()) {
    size_t gaps = 0;
    for (const size_t i : wanted_) {
      if (last_stored_[i] == stamp) continue;
      StoreMissing(&columns_[i]);
      gaps++;
    }
    if (!CountGaps(gaps)) return false;
  }
  if (expected_ == Expected::kAnything || expected_ == Expected::kMoreRecords) {
    expected_ = Expected::kMoreRecords;
  } else {
    expected_ = Expected::kCommaOrEnd;
  }
  return true;
}

// Decodes the name of a member. Returns false after a fault.
bool JsonReader::NameOf(Member* member) {
  if (!ReadText(&member->name, kNoColumn)) return false;
  const std::string_view name(member->name.bytes, member->name.size);
  return FirstNotUtf8(name) == name.size() || Fail(TextFault::kNotUtf8, kNoColumn, {});
}

// Finds the column of this name, which is added if it is new: all rows so far lack it. Returns false after a
// fault.
bool JsonReader::FindColumn(std::string_view name, size_t* index) {
  if (likely_ < names_.size() && names_[likely_] == name) return *index = likely_++, true;
  const auto [place, added] = index_.try_emplace(std::string(name), names_.size());
  *index = place->second;
  likely_ = *index + 1;
  if (!added) return true;
  if (names_.size() == kMostColumns) return Fail(TextFault::kManyColumns, kNoColumn, {});
  names_.emplace_back(name);
  last_stored_.push_back(0);
  Column& column = columns_.emplace_back();
  const auto stated = options_.kinds.find(place->first);
  column.missing = values_;
  if (stated == options_.kinds.end()) {
    column.kind = options_.otherwise;
  } else {
    column.kind = stated->second;
    column.stated = column.kind != ColumnKind::kUnknown;
    if (column.stated) Decide(&column, column.kind);
  }
  if (column.kind == ColumnKind::kSkipped) return true;
  wanted_.push_back(*index);
  return CountGaps(values_);
}

bool JsonReader::Store(Column* column, Member* member) {
  if (!Wanted(*column)) return true;
  const std::string_view text(member->value.bytes, member->value.size);
  if (member->type == ValueType::kNull || (member->type == ValueType::kText && text.empty())) {
    return StoreMissing(column), true;
  }
  double number = 0;
  NumberText found = NumberText::kNotNumber;
  if (member->type == ValueType::kNumber) {
    found = ReadNumber(text, '.', &number);
    if (found == NumberText::kInfinite && column->kind != ColumnKind::kCategory) {
      return Fail(TextFault::kInfinite, 0, text);
    }
  }
  if (column->stated) {
    // A time may be a number of milliseconds.
    if (column->kind == ColumnKind::kTime && found == NumberText::kNumber)
      return StoreNumber(column, number), true;
    const bool flag = member->type == ValueType::kTrue || member->type == ValueType::kFalse;
    if (flag && column->kind == ColumnKind::kNumber) {
      return StoreNumber(column, member->type == ValueType::kTrue ? 1 : 0), true;
    }
    return StoreStated(column, text, '.');
  }

  ColumnKind kind = ColumnKind::kCategory;
  if (found == NumberText::kNumber) {
    kind = ColumnKind::kNumber;
  } else if (member->type == ValueType::kText) {
    if (column->kind != ColumnKind::kCategory && ReadTime(text, &number)) kind = ColumnKind::kTime;
  } else if (member->type != ValueType::kNumber) {
    kind = ColumnKind::kBoolean;
  }
  if (column->kind == ColumnKind::kUnknown) Decide(column, kind);
  if (column->kind == ColumnKind::kCategory) return StoreText(column, text);
  if (column->kind != kind) return TurnIntoCategory(column), true;
  if (kind == ColumnKind::kBoolean) return StoreFlag(column, member->type == ValueType::kTrue), true;
  return StoreNumber(column, number), true;
}

// Decodes a string. Returns false after a fault.
bool JsonReader::ReadText(Text* text, size_t column) {
  const char* const wrong = Unescape(text);
  if (wrong == nullptr) return true;
  constexpr size_t kLongestEscape = 6;
  const auto rest = static_cast<size_t>(text->bytes + text->size - wrong);
  return Fail(TextFault::kNotEscape, column, {wrong, std::min(rest, wrong[1] == 'u' ? kLongestEscape : 2)});
}

// Decodes a string in place: each escape is longer than what it stands for. Returns the first escape that
// JSON does not have or that is half a surrogate pair, otherwise null.
const char* JsonReader::Unescape(Text* text) {
  if (!text->escaped) return nullptr;
  const char* in = text->bytes;
  const char* const end = in + text->size;
  char* out = text->bytes;
  while (in != end) {
    if (*in != '\\') {
      *out++ = *in++;
      continue;
    }
    const char* const escape = in;
    const char c = in[1];
    in += 2;
    if (c == 'u') {
      if (end - in < 4) return escape;
      int32_t code = Hexadecimal(in);
      in += 4;
      if (code >= 0xd800 && code < 0xdc00 && end - in >= 6 && in[0] == '\\' && in[1] == 'u') {
        const int32_t low = Hexadecimal(in + 2);
        if (low < 0xdc00 || low > 0xdfff) return escape;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        in += 6;
      }
      if (code < 0 || (code >= 0xd800 && code <= 0xdfff)) return escape;
      out = WriteUtf8(code, out);
      continue;
    }
    constexpr std::string_view kEscapes = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const size_t i = kEscapes.find(c);
    if (i == std::string_view::npos) return escape;
    *out++ = kMeanings[i];
  }
  text->size = static_cast<size_t>(out - text->bytes);
  text->escaped = false;
  return nullptr;
}

}  // namespace blasnet
