// Reads an optimiser from JavaScript: its number, and a Float64Array with its options.
#pragma once

#include <type_traits>

#include "binding/args.h"
#include "engine/optimizer.h"

namespace blasnet {

inline OptimizerOptions ReadOptimizer(size_t code, const Argument& numbers) {
  OptimizerOptions options;
  ForEachOptimizer([&](size_t number, auto empty) {
    if (number != code) return;
    const auto read = numbers.Record<decltype(empty)>();
    if constexpr (std::is_same_v<decltype(empty), LbfgsOptions>) {
      options = read;
    } else {
      options = FirstOrderOptions(read);
    }
  });
  return options;
}

}  // namespace blasnet
