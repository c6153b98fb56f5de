// Numbers of any type that a metric takes. Kernels compute with doubles, which hold every such number
// exactly.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

enum class NumberType : int32_t { kFloat64, kFloat32, kInt32, kUint32, kUint16, kUint8 };

struct Numbers {
  const void* data = nullptr;
  NumberType type = NumberType::kFloat64;
};

namespace numbers_internal {

template <typename T>
void Copy(const void* data, size_t from, size_t stride, size_t count, double* out) {
  const T* in = static_cast<const T*>(data) + from;
  for (size_t i = 0; i < count; i++) out[i] = static_cast<double>(in[i * stride]);
}

}  // namespace numbers_internal

// Returns `count` numbers as doubles: those at from, from + stride, ... Adjacent doubles are read in place,
// all others are written to `scratch` (count).
inline const double* ReadNumbers(const Numbers& numbers, size_t from, size_t stride, size_t count,
                                 double* scratch) {
  using numbers_internal::Copy;
  switch (numbers.type) {
    case NumberType::kFloat64:
      if (stride == 1) return static_cast<const double*>(numbers.data) + from;
      Copy<double>(numbers.data, from, stride, count, scratch);
      break;
    case NumberType::kFloat32:
      Copy<float>(numbers.data, from, stride, count, scratch);
      break;
    case NumberType::kInt32:
      Copy<int32_t>(numbers.data, from, stride, count, scratch);
      break;
    case NumberType::kUint32:
      Copy<uint32_t>(numbers.data, from, stride, count, scratch);
      break;
    case NumberType::kUint16:
      Copy<uint16_t>(numbers.data, from, stride, count, scratch);
      break;
    case NumberType::kUint8:
      Copy<uint8_t>(numbers.data, from, stride, count, scratch);
      break;
  }
  return scratch;
}

inline const double* ReadNumbers(const Numbers& numbers, size_t from, size_t count, double* scratch) {
  return ReadNumbers(numbers, from, 1, count, scratch);
}

}  // namespace blasnet
