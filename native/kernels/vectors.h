// Vector operations on whole arrays. Sums run in a fixed order on any number of threads.
#pragma once

#include <cstddef>

namespace blasnet {

template <typename T>
double Dot(const T* a, const T* b, size_t size);

// The sum of |a[i]|, and the largest |a[i]|, which ignores NaN.
template <typename T>
double SumOfSizes(const T* a, size_t size);
template <typename T>
double LargestSize(const T* a, size_t size);

// out = x + factor * y; out may be x or y.
template <typename T>
void AddScaled(const T* x, double factor, const T* y, size_t size, T* out);

// out = factor * x; out may be x.
template <typename T>
void Scale(const T* x, double factor, size_t size, T* out);

// out = the sum of the arrays, as a binary tree: that of the first half of them plus that of the second half.
// `count` is a power of two, at most 16. Elements from .. from + size of the arrays become elements 0 .. size
// of `out`, which may be arrays[0] + from.
template <typename T>
void SumArrays(const T* const* arrays, size_t count, size_t from, size_t size, T* out);

}  // namespace blasnet
