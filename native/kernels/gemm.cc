#include "kernels/gemm.h"

#include "kernels/blas_buffers.h"

#ifdef BLASNET_ACCELERATE
#include <Accelerate/Accelerate.h>
#else
#include <cblas.h>
#endif

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>
#include <type_traits>

namespace blasnet {
namespace {

#ifdef BLASNET_OPENBLAS
// OpenBLAS is called on our own threads, so its pool would compete with ours: it is told to use the calling
// thread. A build without threads may also lack locks (Debian's serial flavour gives wrong results when
// several threads call it). Such a build is used under a mutex, unless it says that it has locks.
struct OpenBlas {
  OpenBlas() { openblas_set_num_threads(1); }
  const bool unsafe =
      openblas_get_parallel() == 0 && std::strstr(openblas_get_config(), "USE_LOCKING") == nullptr;
  std::mutex mutex;
};

OpenBlas& Library() {
  static OpenBlas library;
  return library;
}

class LibraryCall {
 public:
  LibraryCall() {
    if (Library().unsafe) lock_ = std::unique_lock<std::mutex>(Library().mutex);
    call_.emplace();
  }

 private:
  std::unique_lock<std::mutex> lock_;
  std::optional<BlasCall> call_;
};
#else
struct LibraryCall {
  LibraryCall() {}
};
#endif

}  // namespace

template <typename T>
void Gemm(Transpose transpose_a, Transpose transpose_b, size_t m, size_t n, size_t k, T alpha, const T* a,
          size_t lda, const T* b, size_t ldb, T beta, T* c, size_t ldc) {
  if (m == 0 || n == 0) return;
  const CBLAS_TRANSPOSE op_a = transpose_a == Transpose::kYes ? CblasTrans : CblasNoTrans;
  const CBLAS_TRANSPOSE op_b = transpose_b == Transpose::kYes ? CblasTrans : CblasNoTrans;
  const int rows = static_cast<int>(m), cols = static_cast<int>(n), inner = static_cast<int>(k);
  // CBLAS requires distances of at least 1, even for empty matrices.
  const int step_a = std::max(1, static_cast<int>(lda)), step_b = std::max(1, static_cast<int>(ldb));
  const int step_c = static_cast<int>(ldc);
  const LibraryCall call;
  if constexpr (std::is_same_v<T, double>) {
    cblas_dgemm(CblasRowMajor, op_a, op_b, rows, cols, inner, alpha, a, step_a, b, step_b, beta, c, step_c);
  } else {
    cblas_sgemm(CblasRowMajor, op_a, op_b, rows, cols, inner, alpha, a, step_a, b, step_b, beta, c, step_c);
  }
}

template void Gemm<double>(Transpose, Transpose, size_t, size_t, size_t, double, const double*, size_t,
                           const double*, size_t, double, double*, size_t);
template void Gemm<float>(Transpose, Transpose, size_t, size_t, size_t, float, const float*, size_t,
                          const float*, size_t, float, float*, size_t);

const char* BlasDescription() {
#if defined(BLASNET_OPENBLAS)
  return openblas_get_config();
#elif defined(BLASNET_ACCELERATE)
  return "Accelerate";
#else
  return "CBLAS";
#endif
}

const char* BlasCore() {
#if defined(BLASNET_OPENBLAS)
  return openblas_get_corename();
#else
  return "";
#endif
}

}  // namespace blasnet
