#include "engine/samples.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/scan.h"

namespace blasnet {

template <typename T>
size_t FirstBadLabel(Loss loss, size_t outputs, const void* labels, size_t from, size_t size) {
  const T* y = static_cast<const T*>(labels) + from;
  switch (loss) {
    case Loss::kSparseCategoricalCrossEntropy: {
      const int32_t* classes = static_cast<const int32_t*>(labels) + from;
      const auto bad = std::find_if(classes, classes + size, [outputs](int32_t c) {
        return c < 0 || static_cast<size_t>(c) >= outputs;
      });
      return static_cast<size_t>(bad - classes);
    }
    case Loss::kBinaryCrossEntropy:
    case Loss::kCategoricalCrossEntropy:
    case Loss::kKlDivergence:
      return FirstOutside(y, size, T{0}, T{1});
    case Loss::kPoisson:
      return FirstOutside(y, size, T{0}, std::numeric_limits<T>::max());
    case Loss::kHinge:
      return static_cast<size_t>(
          std::find_if(y, y + size, [](T value) { return value != T{1} && value != T{-1}; }) - y);
    default:
      return FirstNonFinite(y, size);
  }
}

template size_t FirstBadLabel<double>(Loss, size_t, const void*, size_t, size_t);
template size_t FirstBadLabel<float>(Loss, size_t, const void*, size_t, size_t);

}  // namespace blasnet
