// Reads the text of a table into typed columns. The text comes in blocks of any size. What a column holds
// follows from all its cells: a column stays one of numbers, times or truth values as long as each cell is
// one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "tables/dictionary.h"
#include "tables/pieces_list.h"

namespace blasnet {

// The addon exports these numbers by name.
enum class ColumnKind : int32_t { kUnknown, kSkipped, kNumber, kCategory, kBoolean, kTime };
inline constexpr const char* kColumnKindNames[] = {"unknown",  "skipped", "number",
                                                   "category", "boolean", "time"};

// What is wrong with the text.
enum class TextFault : int32_t {
  kNone,
  kQuoteOpen,      // CSV: a quoted cell that never ends
  kAfterQuote,     // CSV: text between a closing quote and the next delimiter
  kFewCells,       // CSV: fewer cells than columns
  kManyCells,      // CSV: more cells than columns
  kNotJson,        // JSON: the text breaks JSON's rules
  kNotEscape,      // JSON: an escape that JSON does not have, or half a surrogate pair
  kNotRecord,      // JSON: something else than an object
  kNested,         // JSON: an array or an object in an object
  kTwice,          // JSON: a name that an object has twice
  kNotUtf8,        // bytes that are no UTF-8
  kNotOfKind,      // a cell that is not of the stated kind
  kInfinite,       // a number that a double cannot hold
  kRecordTooLong,  // a record beyond kMostRecord bytes
  kManyRows,       // more than 2^32 - 1 rows
  kManyColumns,    // more than kMostColumns columns
  kManyGaps,       // more gaps than kMostGaps, which the text does not have
};
inline constexpr const char* kTextFaultNames[] = {
    "none",      "quoteOpen",     "afterQuote", "fewCells",    "manyCells", "notJson",
    "notEscape", "notRecord",     "nested",     "twice",       "notUtf8",   "notOfKind",
    "infinite",  "recordTooLong", "manyRows",   "manyColumns", "manyGaps"};

class TextReader {
 public:
  // A record is no longer than this, so that a quote without an end does not collect the whole file.
  static constexpr size_t kMostRecord = size_t{1} << 26;
  // lib/tables/limits.ts has this number, too.
  static constexpr size_t kMostColumns = size_t{1} << 20;
  // Gaps that stand for cells which the text does not have: of keys that a record lacks, or of short lines. A
  // small text could fill the memory with them. As many are allowed, and more in proportion to the text.
  static constexpr size_t kMostGaps = size_t{1} << 24;
  static constexpr size_t kMostGapsPerByte = 16;
  static constexpr size_t kNoColumn = SIZE_MAX;

  struct Fault {
    TextFault fault = TextFault::kNone;
    size_t line = 0;            // from 1
    size_t row = 0;             // from 0, without a header
    size_t column = kNoColumn;  // from 0
    size_t cells = 0;           // kFewCells, kManyCells: of the record
    std::string text;           // the start of the cell
  };

  // The values of a column (rows), and the texts of a category.
  struct Column {
    ColumnKind kind = ColumnKind::kUnknown;
    bool stated = false;  // the kind was stated, not found
    // Whether the column turned out to be a category after it had other values, which are gone: it must be
    // read again.
    bool late = false;
    size_t missing = 0;
    PiecesList<double> numbers;  // numbers and times; NaN where missing
    PiecesList<int32_t> codes;   // -1 where missing
    PiecesList<int8_t> flags;    // -1 where missing
    Dictionary texts;
    // What Summarise has found. The least and the greatest number are finite.
    size_t present = 0;
    double least = std::numeric_limits<double>::infinity();
    double greatest = -std::numeric_limits<double>::infinity();
    bool many = false;  // more texts than are kept
  };

  virtual ~TextReader() = default;

  // Adds the next block. Its bytes are copied.
  void Add(const char* bytes, size_t size);

  const std::vector<std::string>& Names() const { return names_; }
  std::vector<Column>& Columns() { return columns_; }
  size_t Rows() const { return rows_; }
  const Fault& LastFault() const { return fault_; }

  // Finds the names of the columns that are known before the first record. Returns false if the text so far
  // is too short, and there is more.
  virtual bool ReadHeader(bool last) = 0;

  // States what the columns hold; kUnknown: to be found. Forgets all values so far.
  void State(const std::vector<ColumnKind>& kinds);

  // Reads the records of the text so far; all of them if it is the last. Stops at a fault, and when there are
  // so many rows, or bytes of text, since ClearValues. Outcome: the number of rows since ClearValues.
  Outcome Read(bool last, size_t rows, size_t bytes, const Control& control);

  // Whether Read stopped because there are enough rows, or bytes.
  bool Full() const { return full_; }

  // Adds the values to what is known about their columns: how many there are, the least, the greatest. Then
  // forgets them. Of a column of more texts, or bytes of texts, than these, it forgets the texts, too.
  Outcome Summarise(size_t most_texts, size_t most_bytes, const Control& control);

  // Forgets the values, and keeps the kinds and the texts of categories.
  void ClearValues();
  // Forgets the texts of a column. Codes begin with 0 again.
  void ClearTexts(size_t column) { columns_[column].texts = Dictionary(); }

 protected:
  enum class Found { kRecord, kNoRecord, kIncomplete, kNothing, kFault };

  // Finds the record at start_, and sets next_ and next_lines_.
  virtual Found NextRecord(bool last) = 0;
  // Stores its cells, one for each column. Returns false after a fault.
  virtual bool StoreRecord() = 0;

  // Whether the cell is stored and not left out.
  static bool Wanted(const Column& column) { return column.kind != ColumnKind::kSkipped && !column.late; }
  bool StoreText(Column* column, std::string_view text);
  void StoreNumber(Column* column, double number) { column->numbers.Push(number); }
  void StoreFlag(Column* column, bool flag) { column->flags.Push(flag ? 1 : 0); }
  void StoreMissing(Column* column);
  // Counts gaps that stand for no text. Returns false if they are too many.
  bool CountGaps(size_t gaps);
  // Stores a text as what the column was stated to hold.
  bool StoreStated(Column* column, std::string_view text, char decimal);
  // The column had numbers, times or truth values, and now has a text.
  void TurnIntoCategory(Column* column);
  // All cells so far were missing.
  void Decide(Column* column, ColumnKind kind);
  // Returns false.
  bool Fail(TextFault fault, size_t column, std::string_view text);
  void Next() {
    start_ = next_;
    line_ += next_lines_;
  }

  std::vector<char> buffer_ = std::vector<char>(1, '\n');
  size_t start_ = 0;       // of the next record
  size_t end_ = 0;         // of the text; buffer_[end_] is a line feed
  size_t next_ = 0;        // behind the record that NextRecord found
  size_t next_lines_ = 0;  // the line ends in that record
  size_t line_ = 1;
  size_t rows_ = 0;
  size_t values_ = 0;      // rows since ClearValues
  size_t bytes_ = 0;       // of the text so far
  size_t gaps_ = 0;        // that stand for no text
  size_t part_bytes_ = 0;  // of the records since ClearValues
  bool full_ = false;
  std::vector<std::string> names_;
  std::vector<Column> columns_;
  Fault fault_;
};

}  // namespace blasnet
