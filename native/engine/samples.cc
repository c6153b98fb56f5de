#include "engine/samples.h"

#include <algorithm>

namespace blasnet {

size_t FirstBadClass(const int32_t* classes, size_t outputs, size_t size) {
  const auto bad = std::find_if(classes, classes + size,
                                [outputs](int32_t c) { return c < 0 || static_cast<size_t>(c) >= outputs; });
  return static_cast<size_t>(bad - classes);
}

}  // namespace blasnet
