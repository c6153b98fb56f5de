// How fast the machine's own BLAS multiplies two 1024 x 1024 matrices on one thread.
//
//   gemm float32|float64 SECONDS
//
// prints one JSON line: the best rate of several trials, and whether a row of the product is right.
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kSize = 1024;

void Gemm(const double* a, const double* b, double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1, a, kSize, b, kSize, 0, c,
              kSize);
}

void Gemm(const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1, a, kSize, b, kSize, 0, c,
              kSize);
}

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Small integers: every sum is exact in both types, in any order.
template <class T>
std::vector<T> Matrix(unsigned seed) {
  std::vector<T> matrix(size_t{kSize} * kSize);
  for (T& element : matrix) {
    seed = seed * 1664525u + 1013904223u;
    element = T(int(seed >> 28) - 8);
  }
  return matrix;
}

template <class T>
bool CheckRow(const std::vector<T>& a, const std::vector<T>& b, const std::vector<T>& c, size_t row) {
  for (size_t column = 0; column < kSize; column++) {
    T sum = 0;
    for (size_t k = 0; k < kSize; k++) sum += a[row * kSize + k] * b[k * kSize + column];
    if (sum != c[row * kSize + column]) return false;
  }
  return true;
}

template <class T>
void Measure(double seconds) {
  const std::vector<T> a = Matrix<T>(1), b = Matrix<T>(2);
  std::vector<T> c(a.size());
  Gemm(a.data(), b.data(), c.data());
  const bool correct = CheckRow(a, b, c, kSize / 3);
  double best = 0;
  const double end = Now() + seconds;
  do {
    const double start = Now();
    Gemm(a.data(), b.data(), c.data());
    best = std::max(best, 2.0 * kSize * kSize * kSize / (Now() - start) / 1e9);
  } while (Now() < end);
  std::printf("{\"size\":%d,\"correct\":%s,\"gflops\":%.3f}\n", kSize, correct ? "true" : "false", best);
}

}  // namespace

int main(int argc, char** argv) {
  const bool single = argc == 3 && std::strcmp(argv[1], "float32") == 0;
  if (argc != 3 || (!single && std::strcmp(argv[1], "float64") != 0)) {
    std::fprintf(stderr, "Usage: gemm float32|float64 SECONDS\n");
    return 2;
  }
  const double seconds = std::atof(argv[2]);
  if (single) {
    Measure<float>(seconds);
  } else {
    Measure<double>(seconds);
  }
  return 0;
}
