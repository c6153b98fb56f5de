// The products of BLIS, by its own interface: its CBLAS has the names of other libraries. See product.h. With
// BLIS_KERNELS=skx in the environment it uses its kernels for AVX-512, whatever it would choose itself.
#include <blis.h>

#include "product.h"

namespace {

void Gemm(Shape s, double* a, double* b, double* c) {
  double one = 1, zero = 0;
  bli_dgemm(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, s.m, s.n, s.k, &one, a, s.k, 1, b, s.n, 1, &zero, c, s.n,
            1);
}

void Gemm(Shape s, float* a, float* b, float* c) {
  float one = 1, zero = 0;
  bli_sgemm(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, s.m, s.n, s.k, &one, a, s.k, 1, b, s.n, 1, &zero, c, s.n,
            1);
}

}  // namespace

int main(int argc, char** argv) {
  const char* kernels = std::getenv("BLIS_KERNELS");
  if (kernels != nullptr && std::strcmp(kernels, "skx") == 0) {
    setenv("BLIS_ARCH_TYPE", std::to_string(int(BLIS_ARCH_SKX)).c_str(), 1);
  }
  bli_thread_set_num_threads(1);
  const std::string library =
      std::string("BLIS ") + bli_info_get_version_str() + ", " + bli_arch_string(bli_arch_query_id());
  return RunProducts(argc, argv, library, [](auto element, Shape s, Report& report) {
    using T = decltype(element);
    Matrix<T> a(s.m, s.k, Order::kRows, 1), b(s.k, s.n, Order::kRows, 2), c(s.m, s.n, Order::kRows, 3);
    report.Add("gemm", s, a, b, c, [&] { Gemm(s, a.data(), b.data(), c.data()); });
  });
}
