#include "tables/cells.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

#include "fast_float/fast_float.h"

namespace blasnet {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualsIgnoringCase(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t i = 0; i < word.size(); i++) {
    if (Lower(text[i]) != word[i]) return false;
  }
  return true;
}

// Powers of ten that a double holds exactly.
constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int64_t kMostPower = 22;
constexpr uint64_t kMostExact = uint64_t{1} << 53;

// The number whose digits, read as an integer, are more than 19, or that needs more than one rounding.
NumberText ReadLong(std::string_view text, char decimal, double* value) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  const fast_float::parse_options options{fast_float::chars_format::general, decimal};
  const auto end = text.data() + text.size();
  const auto result = fast_float::from_chars_advanced(text.data(), end, *value, options);
  if (result.ptr != end) return NumberText::kNotNumber;
  if (std::isinf(*value)) return NumberText::kInfinite;
  return NumberText::kNumber;
}

// Whether an integer's digits can be had back from the double that it was rounded to.
bool KeepsDigits(std::string_view digits, double value) {
  while (!digits.empty() && digits.back() == '0') digits.remove_suffix(1);
  if (digits.size() > 17) return false;
  char text[32];
  std::snprintf(text, sizeof text, "%.*e", static_cast<int>(digits.size()) - 1, std::fabs(value));
  // The separator behind the first digit depends on the locale.
  return text[0] == digits[0] &&
         (digits.size() == 1 || digits.substr(1) == std::string_view(text + 2, digits.size() - 1));
}

}  // namespace

NumberText ReadNumber(std::string_view text, char decimal, double* value) {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p == end) return NumberText::kNotNumber;
  const bool negative = *p == '-';
  if (negative || *p == '+') p++;
  if (p != end && (*p == 'i' || *p == 'I')) {
    const std::string_view word(p, static_cast<size_t>(end - p));
    if (!EqualsIgnoringCase(word, "inf") && !EqualsIgnoringCase(word, "infinity"))
      return NumberText::kNotNumber;
    *value = negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return NumberText::kNumber;
  }

  // Wraps around beyond 19 digits; then the number is read again.
  uint64_t digits = 0;
  const char* const first = p;
  while (p != end && Digit(*p)) digits = 10 * digits + static_cast<uint64_t>(*p++ - '0');
  const ptrdiff_t whole = p - first;
  ptrdiff_t fraction = 0;
  const bool point = p != end && *p == decimal;
  if (point) {
    const char* const start = ++p;
    while (p != end && Digit(*p)) digits = 10 * digits + static_cast<uint64_t>(*p++ - '0');
    fraction = p - start;
  }
  if (whole + fraction == 0) return NumberText::kNotNumber;

  int64_t exponent = 0;
  const bool scientific = p != end && (*p == 'e' || *p == 'E');
  if (scientific) {
    p++;
    const bool down = p != end && *p == '-';
    if (p != end && (*p == '-' || *p == '+')) p++;
    if (p == end) return NumberText::kNotNumber;
    while (p != end && Digit(*p)) {
      if (exponent < 100000) exponent = 10 * exponent + (*p - '0');
      p++;
    }
    if (down) exponent = -exponent;
  }
  if (p != end) return NumberText::kNotNumber;

  NumberText result = NumberText::kNumber;
  exponent -= fraction;
  const bool few = whole + fraction <= 19;
  if (few && digits <= kMostExact && exponent >= -kMostPower && exponent <= kMostPower) {
    // One operation on two exact doubles: rounded once.
    const double exact = static_cast<double>(digits);
    const double size = exponent < 0 ? exact / kPowers[-exponent] : exact * kPowers[exponent];
    *value = negative ? -size : size;
  } else {
    result = ReadLong(text, decimal, value);
    if (result != NumberText::kNumber) return result;
  }
  if (whole > 1 && *first == '0') return NumberText::kLeadingZero;
  const bool large = std::fabs(*value) >= static_cast<double>(kMostExact);
  if (large && !point && !scientific && !KeepsDigits({first, static_cast<size_t>(whole)}, *value)) {
    return NumberText::kTooPrecise;
  }
  return result;
}

bool ReadBoolean(std::string_view text, bool* value) {
  if (text == "true" || text == "True" || text == "TRUE") return *value = true, true;
  if (text == "false" || text == "False" || text == "FALSE") return *value = false, true;
  return false;
}

bool ReadStatedBoolean(std::string_view text, bool* value) {
  for (const char* word : {"true", "yes", "1", "t", "y"}) {
    if (EqualsIgnoringCase(text, word)) return *value = true, true;
  }
  for (const char* word : {"false", "no", "0", "f", "n"}) {
    if (EqualsIgnoringCase(text, word)) return *value = false, true;
  }
  return false;
}

namespace {

// Takes `count` digits from the front of `text`.
bool TakeDigits(std::string_view* text, size_t count, int64_t* value) {
  if (text->size() < count) return false;
  *value = 0;
  for (size_t i = 0; i < count; i++) {
    if (!Digit((*text)[i])) return false;
    *value = 10 * *value + ((*text)[i] - '0');
  }
  text->remove_prefix(count);
  return true;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// The days from 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March.
int64_t Days(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) year--;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

int64_t DaysOfMonth(int64_t year, int64_t month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes Z, +hh, +hhmm or +hh:mm.
bool TakeOffset(std::string_view* text, int64_t* minutes) {
  *minutes = 0;
  if (Take(text, 'Z') || Take(text, 'z')) return true;
  if (text->empty()) return false;
  const bool behind = text->front() == '-';
  if (!Take(text, '-') && !Take(text, '+')) return false;
  int64_t hours = 0, rest = 0;
  if (!TakeDigits(text, 2, &hours)) return false;
  if (!text->empty()) {
    Take(text, ':');
    if (!TakeDigits(text, 2, &rest)) return false;
  }
  if (hours > 23 || rest > 59) return false;
  *minutes = (hours * 60 + rest) * (behind ? -1 : 1);
  return true;
}

}  // namespace

bool ReadTime(std::string_view text, double* value) {
  int64_t year = 0, month = 0, day = 0;
  if (!TakeDigits(&text, 4, &year) || !Take(&text, '-') || !TakeDigits(&text, 2, &month) ||
      !Take(&text, '-') || !TakeDigits(&text, 2, &day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > DaysOfMonth(year, month)) return false;
  double milliseconds = static_cast<double>(Days(year, month, day)) * 86400000.0;
  if (text.empty()) return *value = milliseconds, true;

  if (!Take(&text, 'T') && !Take(&text, 't') && !Take(&text, ' ')) return false;
  int64_t hour = 0, minute = 0, second = 0, offset = 0;
  if (!TakeDigits(&text, 2, &hour) || !Take(&text, ':') || !TakeDigits(&text, 2, &minute)) return false;
  double fraction = 0;
  if (Take(&text, ':')) {
    if (!TakeDigits(&text, 2, &second)) return false;
    if (Take(&text, '.') || Take(&text, ',')) {
      double scale = 100;
      if (text.empty() || !Digit(text.front())) return false;
      // What is smaller than a microsecond is left out, as a time of today in milliseconds cannot hold it.
      for (; !text.empty() && Digit(text.front()); text.remove_prefix(1), scale /= 10) {
        if (scale >= 1e-3) fraction += (text.front() - '0') * scale;
      }
      fraction = std::round(fraction * 1000) / 1000;
    }
  }
  if (!text.empty() && !TakeOffset(&text, &offset)) return false;
  if (!text.empty() || minute > 59 || second > 59) return false;
  if (hour > 23 && !(hour == 24 && minute == 0 && second == 0 && fraction == 0)) return false;
  milliseconds += static_cast<double>(((hour * 60 + minute - offset) * 60 + second) * 1000) + fraction;
  return *value = milliseconds, true;
}

size_t FirstNotUtf8(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const size_t size = text.size();
  size_t i = 0;
  while (i < size) {
    const unsigned char lead = bytes[i];
    if (lead < 0x80) {
      i++;
      continue;
    }
    // The length by the lead byte, and the range of the second byte: no overlong forms, no surrogates, no
    // more than U+10FFFF.
    size_t length = 0;
    unsigned char low = 0x80, high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      length = 3;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      length = 4;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return i;
    }
    if (size - i < length || bytes[i + 1] < low || bytes[i + 1] > high) return i;
    for (size_t k = 2; k < length; k++) {
      if (bytes[i + k] < 0x80 || bytes[i + k] > 0xbf) return i;
    }
    i += length;
  }
  return size;
}

}  // namespace blasnet
