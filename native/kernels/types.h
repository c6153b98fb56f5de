// Types that several kernels share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// Where the samples of a row-major matrix are: one per row (Network) or one per column (the article).
enum class SampleAxis : int32_t { kRows = 0, kColumns = 1 };

// The shape of m samples that pass through a layer.
struct LayerShape {
  size_t samples;  // m
  size_t inputs;   // in
  size_t outputs;  // out
};

}  // namespace blasnet
