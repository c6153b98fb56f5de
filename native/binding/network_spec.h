// Reads the description of a network from the arguments of `new Plan`: see plan.cc. Refuses what could
// corrupt memory.
#pragma once

#include <cstddef>
#include <vector>

#include "binding/args.h"
#include "engine/layers.h"

namespace blasnet {

// `numeric` is a NumericRecord or empty; `embeddings` are EmbeddingRecords.
InputSpec InputOf(const Argument& numbers, const Argument& numeric, const Argument& embeddings);

// LayerRecords, whose first has this many inputs.
std::vector<LayerSpec> LayersOf(size_t features, const Argument& records);

// FactorsRecords, one per parameter; or none.
std::vector<ParameterFactors> FactorsOf(size_t count, const Argument& records);

// The levels of the loss quantile: one for each output, one for all, or none.
std::vector<double> LevelsOf(const Argument& levels, size_t outputs);

}  // namespace blasnet
