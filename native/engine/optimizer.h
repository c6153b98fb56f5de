// The optimisers as a plan takes them: those that step from a gradient alone, and L-BFGS.
#pragma once

#include <cstddef>
#include <variant>

#include "engine/lbfgs.h"
#include "kernels/optimizers.h"

namespace blasnet {

using OptimizerOptions = std::variant<FirstOrderOptions, LbfgsOptions>;

// JavaScript passes an optimiser as its number: its place among the first-order ones, or the one after for
// L-BFGS.
inline constexpr size_t kOptimizerCount = std::variant_size_v<FirstOrderOptions> + 1;

// Calls body(code, options) with empty options of every optimiser, whose type says its name and its fields.
template <class F, size_t code = 0>
void ForEachOptimizer(const F& body) {
  if constexpr (code + 1 < kOptimizerCount) {
    body(code, std::variant_alternative_t<code, FirstOrderOptions>{});
    ForEachOptimizer<F, code + 1>(body);
  } else {
    body(code, LbfgsOptions{});
  }
}

// How many elements an optimiser keeps between the steps of `parameters` parameters. They begin with zeros.
size_t StateSize(const OptimizerOptions& options, size_t parameters);

}  // namespace blasnet
