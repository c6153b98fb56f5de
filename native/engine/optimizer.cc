#include "engine/optimizer.h"

namespace blasnet {

size_t StateSize(const OptimizerOptions& options, size_t parameters) {
  if (const LbfgsOptions* lbfgs = std::get_if<LbfgsOptions>(&options)) {
    return LbfgsStateSize(lbfgs->History(), parameters);
  }
  return StateCount(std::get<FirstOrderOptions>(options)) * parameters;
}

}  // namespace blasnet
