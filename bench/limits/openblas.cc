// The products of the machine's OpenBLAS: see product.h.
#include <cblas.h>

#include "product.h"

namespace {

void Gemm(Shape s, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s.m, s.n, s.k, 1, a, s.k, b, s.n, 0, c, s.n);
}

void Gemm(Shape s, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, s.m, s.n, s.k, 1, a, s.k, b, s.n, 0, c, s.n);
}

}  // namespace

int main(int argc, char** argv) {
  // Other libraries have CBLAS's names, too, but only OpenBLAS can say this.
  const std::string config = openblas_get_config();
  const std::string library =
      config.substr(0, config.find(' ', config.find(' ') + 1)) + ", " + openblas_get_corename();
  return RunProducts(argc, argv, library, [](auto element, Shape s, Report& report) {
    using T = decltype(element);
    Matrix<T> a(s.m, s.k, Order::kRows, 1), b(s.k, s.n, Order::kRows, 2), c(s.m, s.n, Order::kRows, 3);
    report.Add("gemm", s, a, b, c, [&] { Gemm(s, a.data(), b.data(), c.data()); });
  });
}
