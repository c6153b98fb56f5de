// The kernels of wide layers. Each takes its element type from one of its array arguments.
#include "addon.h"
#include "binding/kernel_calls.h"
#include "kernels/packed.h"
#include "kernels/transpose.h"

#include <vector>

namespace blasnet {
namespace {

// wideProduct(rows, n, k, L, lRowStride, lKStride, R (k, ld), bias or null, accumulate, epilogue, relu (rows,
// ld) or null, C (rows, ld), ld)
template <typename T>
void WideProductOf(const Args& args) {
  const size_t rows = args[0].PositiveSize(), n = args[1].PositiveSize(), k = args[2].PositiveSize();
  const size_t l_row = args[4].Size(), l_k = args[5].Size(), ld = args[12].Size();
  if (ld < PaddedSize<T>(n)) throw args[12].Wrong("n rounded up to 64 bytes, or more");
  const size_t l_size = Elements(args[4], rows - 1, l_row) + Elements(args[5], k - 1, l_k) + 1;
  const size_t c_size = Elements(args[12], rows, ld);
  ProductOptions<T> options;
  if (args[7].Given()) options.bias = args[7].Array<T>(rows);
  options.accumulate = args[8].Boolean();
  options.epilogue = args[9].Enum(Epilogue::kReluGradient);
  if (options.epilogue == Epilogue::kReluGradient) options.relu = args[10].Array<T>(c_size);
  WideProduct(rows, n, k, Strided<T>{args[3].Array<T>(l_size), l_row, l_k},
              args[6].Array<T>(Elements(args[12], k, ld)), ld, args[11].Array<T>(c_size), ld, options);
}

// wideProductTransposed(rows, cols, k, L (rows, k), R (cols, k), C (rows, ldc), ldc, accumulate): L R^T
template <typename T>
void WideProductTransposedOf(const Args& args) {
  const size_t rows = args[0].PositiveSize(), cols = args[1].PositiveSize(), k = args[2].PositiveSize();
  const size_t ldc = args[6].Size();
  if (ldc < cols) throw args[6].Wrong("cols or more");
  WideProductTransposed(rows, cols, k, args[3].Array<T>(Elements(args, 2, k, rows)), k,
                        args[4].Array<T>(Elements(args, 2, k, cols)), k,
                        args[5].Array<T>(Elements(args, 6, ldc, rows)), ldc, args[7].Boolean());
}

// copyTransposed(rows, cols, A (rows, cols), out (cols, ld), ld)
template <typename T>
void CopyTransposedOf(const Args& args) {
  const size_t rows = args[0].Size(), cols = args[1].Size(), ld = args[4].Size();
  if (ld < rows) throw args[4].Wrong("rows or more");
  const T* a = args[2].Array<T>(Elements(args, 1, cols, rows));
  std::vector<const T*> in(rows);
  for (size_t i = 0; i < rows; i++) in[i] = a + i * cols;
  CopyTransposed(rows, cols, in.data(), args[3].Array<T>(Elements(args, 4, ld, cols)), ld);
}

}  // namespace

void ExportTestWideKernels(Napi::Env env, Napi::Object exports) {
  BLASNET_EXPORT("wideProduct", WideProductOf, void, 11);
  BLASNET_EXPORT("wideProductTransposed", WideProductTransposedOf, void, 5);
  BLASNET_EXPORT("copyTransposed", CopyTransposedOf, void, 2);
}

}  // namespace blasnet
