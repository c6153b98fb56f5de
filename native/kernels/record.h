// Records: numbers that JavaScript passes by name. A record is a struct of doubles; `kFields` has a row for
// each member, in the order of the members. The addon exports the names, and lib/ fills a Float64Array in
// their order. So the order is written here only.
#pragma once

#include <cstddef>
#include <iterator>

#include "kernels/read_once.h"

namespace blasnet {

template <class Record>
struct Field {
  const char* name;
  double Record::* member;
};

template <class Record>
constexpr size_t FieldCount() {
  constexpr size_t count = std::size(Record::kFields);
  static_assert(sizeof(Record) == count * sizeof(double), "every member of a record needs a row in kFields");
  return count;
}

// numbers (FieldCount)
template <class Record>
Record ReadRecord(const double* numbers) {
  Record record{};
  for (size_t i = 0; i < FieldCount<Record>(); i++) record.*Record::kFields[i].member = ReadOnce(numbers + i);
  return record;
}

template <class Record>
void WriteRecord(const Record& record, double* numbers) {
  for (size_t i = 0; i < FieldCount<Record>(); i++) numbers[i] = record.*Record::kFields[i].member;
}

}  // namespace blasnet
