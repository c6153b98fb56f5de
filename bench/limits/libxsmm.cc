// The small products of libxsmm, which generates a kernel for each shape: see product.h. Its matrices have
// their columns one after another.
#include <libxsmm.h>

#include "product.h"

namespace {

libxsmm_dmmfunction KernelFor(Shape s, double) {
  const int flags = LIBXSMM_GEMM_FLAG_NONE;
  const double one = 1, zero = 0;
  return libxsmm_dmmdispatch(s.m, s.n, s.k, nullptr, nullptr, nullptr, &one, &zero, &flags, nullptr);
}

libxsmm_smmfunction KernelFor(Shape s, float) {
  const int flags = LIBXSMM_GEMM_FLAG_NONE;
  const float one = 1, zero = 0;
  return libxsmm_smmdispatch(s.m, s.n, s.k, nullptr, nullptr, nullptr, &one, &zero, &flags, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  libxsmm_init();
  const std::string library = std::string("libxsmm ") + LIBXSMM_VERSION + ", " + libxsmm_get_target_arch();
  return RunProducts(argc, argv, library, [](auto element, Shape s, Report& report) {
    using T = decltype(element);
    const auto kernel = KernelFor(s, element);
    if (kernel == nullptr) return;  // the shape is too large for one kernel
    Matrix<T> a(s.m, s.k, Order::kColumns, 1), b(s.k, s.n, Order::kColumns, 2),
        c(s.m, s.n, Order::kColumns, 3);
    report.Add("kernel", s, a, b, c, [&] { kernel(a.data(), b.data(), c.data()); });
  });
}
