// Reads delimited text, such as CSV.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tables/text_reader.h"

namespace blasnet {

struct CsvOptions {
  bool header = true;  // the first record has the names of the columns
  char delimiter = ',';
  char quote = '"';
  char decimal = '.';
  char thousands = 0;     // stands between groups of three digits; 0: none
  bool trim = true;       // spaces around cells without quotes
  bool fill = false;      // short records get missing cells, and additional empty cells are left out
  char comment = 0;       // lines that begin with it are left out; 0: none
  size_t skip_lines = 0;  // lines that are left out at the start
  std::vector<std::string> missing;
};

class CsvReader final : public TextReader {
 public:
  explicit CsvReader(CsvOptions options);

  // Without a header, the names are empty.
  bool ReadHeader(bool last) override;

 private:
  struct Cell {
    char* text;
    size_t size;
    bool quoted;
    bool escaped;  // doubled quotes stand for one
  };

  Found NextRecord(bool last) override;
  bool StoreRecord() override;
  Found SkipLine(bool last);
  Found QuotedCell(char** place, bool last);
  bool Store(Column* column, const Cell& cell);
  std::string_view Ungrouped(std::string_view text);
  bool StoreUnknown(Column* column, std::string_view text);
  std::string_view TextOf(const Cell& cell) const;
  bool Missing(std::string_view text) const;

  CsvOptions options_;
  bool stops_[256] = {};
  bool may_be_missing_[256] = {};  // by the first byte
  bool empty_is_missing_ = false;
  std::vector<Cell> cells_;
  std::string ungrouped_;
};

}  // namespace blasnet
