// The optimisers of a plan: the first-order ones, which step from a gradient alone, and L-BFGS. The binding
// reads their options on the JavaScript thread; the plan uses them on the operation thread.
#pragma once

#include <cstddef>
#include <variant>

#include "engine/lbfgs.h"
#include "kernels/optimizers.h"

namespace blasnet {

using OptimizerOptions = std::variant<FirstOrderOptions, LbfgsOptions>;

// JavaScript passes an optimiser as a number: its index in FirstOrderOptions; L-BFGS has the next number.
inline constexpr size_t kOptimizerCount = std::variant_size_v<FirstOrderOptions> + 1;

// Calls body(code, options) for every optimiser. The options are empty; their type gives its name and fields.
template <class F, size_t code = 0>
void ForEachOptimizer(const F& body) {
  if constexpr (code + 1 < kOptimizerCount) {
    body(code, std::variant_alternative_t<code, FirstOrderOptions>{});
    ForEachOptimizer<F, code + 1>(body);
  } else {
    body(code, LbfgsOptions{});
  }
}

// The number of elements that an optimiser keeps between steps. They start as zeros.
size_t StateSize(const OptimizerOptions& options, size_t parameters);

}  // namespace blasnet
