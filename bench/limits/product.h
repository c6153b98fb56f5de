// What the programs share that time another library's matrix products, C = A B, on one thread.
//
//   PROGRAM float32|float64 SECONDS [MxNxK...]
//
// A has M x K elements, B has K x N. The program prints one JSON line: the library that answered, by its own
// words, and for every shape and way the best rate of several trials, and whether the product is right.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

struct Shape {
  int m, n, k;
  double flop() const { return 2.0 * m * n * k; }
};

/** How a library wants its matrices. */
enum class Order { kRows, kColumns };

/** A matrix of small integers: every sum of products is exact in both types, in any order. */
template <class T>
class Matrix {
 public:
  Matrix(int rows, int cols, Order order, unsigned seed)
      : rows_(rows), cols_(cols), order_(order), elements_(size_t(rows) * cols + kLine / sizeof(T)) {
    // A buffer that begins within a cache line would cost its loads twice.
    void* start = elements_.data();
    size_t room = elements_.size() * sizeof(T);
    data_ = static_cast<T*>(std::align(kLine, size_t(rows) * cols * sizeof(T), start, room));
    for (size_t i = 0; i < size_t(rows) * cols; i++) {
      seed = seed * 1664525u + 1013904223u;
      data_[i] = T(int(seed >> 28) - 8);
    }
  }
  Matrix(const Matrix&) = delete;

  T* data() { return data_; }
  T at(int row, int col) const {
    return order_ == Order::kRows ? data_[size_t(row) * cols_ + col] : data_[size_t(col) * rows_ + row];
  }

 private:
  static constexpr size_t kLine = 64;
  int rows_, cols_;
  Order order_;
  std::vector<T> elements_;
  T* data_;
};

/** Compares some rows with plain loops. */
template <class T>
bool IsProduct(const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c, Shape shape) {
  for (int row : {0, shape.m / 3, shape.m - 1}) {
    for (int col = 0; col < shape.n; col++) {
      T sum = 0;
      for (int k = 0; k < shape.k; k++) sum += a.at(row, k) * b.at(k, col);
      if (sum != c.at(row, col)) return false;
    }
  }
  return true;
}

inline double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/** The best rate of trials that are long enough for the clock, in GFLOP/s. */
template <class Multiply>
double BestRate(double flop, double seconds, Multiply multiply) {
  const int repeats = std::max(1, int(2e7 / flop));
  double best = 0;
  const double end = Now() + seconds;
  do {
    const double start = Now();
    for (int i = 0; i < repeats; i++) multiply();
    best = std::max(best, repeats * flop / (Now() - start) / 1e9);
  } while (Now() < end);
  return best;
}

/** Collects the answer. */
class Report {
 public:
  explicit Report(double seconds) : seconds_(seconds) {}

  template <class T, class Multiply>
  void Add(const char* way, Shape shape, const Matrix<T>& a, const Matrix<T>& b, const Matrix<T>& c,
           Multiply multiply) {
    multiply();
    const bool correct = IsProduct(a, b, c, shape);
    const double rate = BestRate(shape.flop(), seconds_, multiply);
    char line[200];
    std::snprintf(
        line, sizeof line, "%s{\"way\":\"%s\",\"shape\":\"%dx%dx%d\",\"correct\":%s,\"gflops\":%.3f}",
        products_.empty() ? "" : ",", way, shape.m, shape.n, shape.k, correct ? "true" : "false", rate);
    products_ += line;
  }

  void Print(const std::string& library) const {
    std::printf("{\"library\":\"%s\",\"products\":[%s]}\n", library.c_str(), products_.c_str());
  }

 private:
  double seconds_;
  std::string products_;
};

/**
 * The main function of every program. `measure` is called with an element of the type that the command line
 * names, the shape and the report.
 */
template <class Measure>
int RunProducts(int argc, char** argv, const std::string& library, Measure measure) {
  const bool single = argc > 2 && std::strcmp(argv[1], "float32") == 0;
  bool known = single || (argc > 2 && std::strcmp(argv[1], "float64") == 0);
  std::vector<Shape> shapes;
  for (int i = 3; i < argc; i++) {
    Shape shape{};
    known = known && std::sscanf(argv[i], "%dx%dx%d", &shape.m, &shape.n, &shape.k) == 3 &&
            std::min({shape.m, shape.n, shape.k}) > 0;
    shapes.push_back(shape);
  }
  if (!known) {
    std::fprintf(stderr, "Usage: %s float32|float64 SECONDS [MxNxK...]\n", argv[0]);
    return 2;
  }
  Report report(std::atof(argv[2]));
  for (Shape shape : shapes) single ? measure(float(), shape, report) : measure(double(), shape, report);
  report.Print(library);
  return 0;
}
