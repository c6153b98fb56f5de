// Reads records in JSON: objects one after another, as in NDJSON, or an array of objects. Their values are
// numbers, strings, true, false and null. Like Python, it also reads NaN, which is missing, and Infinity.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tables/text_reader.h"

namespace blasnet {

struct JsonOptions {
  // The kinds that are stated, by name; and that of all other columns: kUnknown or kSkipped.
  std::unordered_map<std::string, ColumnKind> kinds;
  ColumnKind otherwise = ColumnKind::kUnknown;
};

class JsonReader final : public TextReader {
 public:
  explicit JsonReader(JsonOptions options) : options_(std::move(options)) {}

  bool ReadHeader(bool) override { return true; }

 private:
  enum class ValueType { kNull, kText, kNumber, kTrue, kFalse };
  struct Text {
    char* bytes = nullptr;
    size_t size = 0;
    bool escaped = false;
  };
  struct Member {
    Text name;
    ValueType type = ValueType::kNull;
    Text value;  // also of a number and of true and false
  };
  // What may come next, besides space.
  enum class Expected { kAnything, kRecord, kRecordOrEnd, kCommaOrEnd, kMoreRecords, kSpace };

  Found NextRecord(bool last) override;
  bool StoreRecord() override;
  Found Punctuation(char* p);
  Found Record(char** place, bool last);
  Found Value(char** place, bool last, Member* member);
  Found Word(char** place, bool last, std::string_view word);
  Found String(char** place, bool last, Text* text);
  Found Ends(bool last, const char* at);
  char* SkipSpace(char* p);
  Found Wrong(TextFault fault, const char* at);
  const char* Unescape(Text* text);
  bool ReadText(Text* text, size_t column);
  bool NameOf(Member* member);
  Found Nested(Member* member, const char* at);
  bool FindColumn(std::string_view name, size_t* index);
  bool Store(Column* column, Member* member);

  JsonOptions options_;
  Expected expected_ = Expected::kAnything;
  std::vector<Member> members_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<size_t> wanted_;       // the columns that are not left out
  size_t likely_ = 0;                // the column that probably comes next
  std::vector<size_t> last_stored_;  // for each column the number, from 1, of the last row that has it
};

}  // namespace blasnet
