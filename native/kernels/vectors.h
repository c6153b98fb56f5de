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

}  // namespace blasnet
