// What the text of a cell means: a number, a truth value, a time, or just text.
#pragma once

#include <cstddef>
#include <string_view>

namespace blasnet {

enum class NumberText {
  kNumber,
  kInfinite,     // a number that a double cannot hold, such as 1e999
  kTooPrecise,   // an integer whose digits a double would change
  kLeadingZero,  // digits such as 007, which are a name rather than a number
  kNotNumber,
};

// Reads a decimal number, rounded correctly: digits with a sign, a decimal point or comma and an exponent, or
// an infinity. `value` is set unless the result is kNotNumber.
NumberText ReadNumber(std::string_view text, char decimal, double* value);

// Reads true or false, in lower case, upper case or capitalised.
bool ReadBoolean(std::string_view text, bool* value);

// Like ReadBoolean, and also yes, no, t, f, y, n, 1 and 0 in any case.
bool ReadStatedBoolean(std::string_view text, bool* value);

// Reads a date of ISO 8601, with or without a time and an offset, as the milliseconds since 1970. Without an
// offset it is in UTC.
bool ReadTime(std::string_view text, double* value);

// The offset of the first byte that is not part of well-formed UTF-8, or text.size().
size_t FirstNotUtf8(std::string_view text);

}  // namespace blasnet
