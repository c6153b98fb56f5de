// What several kernels share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace blasnet {

// Which way the samples of a row-major matrix lie: one a row (Network) or one a column (the article).
enum class SampleAxis : int32_t { kRows = 0, kColumns = 1 };

// m samples through a layer of `inputs` and `outputs` units.
struct LayerShape {
  size_t samples;  // m
  size_t inputs;   // in
  size_t outputs;  // out
};

}  // namespace blasnet
