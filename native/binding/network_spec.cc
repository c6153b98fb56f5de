#include "binding/network_spec.h"

#include <algorithm>

#include "binding/records.h"

namespace blasnet {
namespace {

NumericSpec NumericOf(size_t numbers, const Argument& record_argument) {
  if (record_argument.Length() == 0) return {};
  const auto record = record_argument.Record<NumericRecord>();
  NumericSpec numeric;
  numeric.kind = record_argument.EnumOf(record.kind, NumericKind::kPlr);
  // So small that no product of them wraps around.
  constexpr size_t kMost = 10'000;
  numeric.columns = record_argument.SizeOf(record.columns, std::min<size_t>(numbers, 1), numbers);
  numeric.frequencies = record_argument.SizeOf(record.frequencies, 1, kMost);
  numeric.outputs = record_argument.SizeOf(record.outputs, numeric.KeepsNumber() ? 2 : 1, kMost);
  if (numeric.Size() > kMostSize) throw record_argument.Wrong("embeddings of fewer than 2^31 parameters");
  return numeric;
}

}  // namespace

InputSpec InputOf(const Argument& numbers, const Argument& numeric, const Argument& records) {
  constexpr size_t kFields = FieldCount<EmbeddingRecord>();
  InputSpec input{numbers.Size(), {}};
  input.numeric = NumericOf(input.numbers, numeric);
  const size_t count = records.Length() / kFields;
  const double* fields = records.Array<double>(count * kFields);
  size_t size = input.numeric.Size();
  for (size_t e = 0; e < count; e++) {
    const auto record = ReadRecord<EmbeddingRecord>(fields + e * kFields);
    input.embeddings.push_back(
        {records.SizeOf(record.categories, 1, kMostSize - 1), records.SizeOf(record.outputs, 1, kMostSize)});
    size += input.embeddings.back().Size();
    if (size > kMostSize) throw records.Wrong("tables of fewer than 2^31 parameters");
  }
  if (input.Features() == 0 || input.Features() > kMostSize)
    throw numbers.Wrong("a size that gives 1 to 2^31 - 1 features, with embeddings");
  return input;
}

std::vector<LayerSpec> LayersOf(size_t features, const Argument& records) {
  constexpr size_t kFields = FieldCount<LayerRecord>();
  const size_t count = records.Length() / kFields;
  if (count == 0) throw records.Wrong("at least one layer");
  const double* numbers = records.Array<double>(count * kFields);
  std::vector<LayerSpec> layers;
  for (size_t l = 0; l < count; l++) {
    const auto record = ReadRecord<LayerRecord>(numbers + l * kFields);
    LayerSpec layer{};
    layer.inputs = l == 0 ? features : layers.back().outputs;
    layer.outputs = records.SizeOf(record.outputs, 1, kMostSize);
    layer.activation = records.EnumOf(record.activation, kLastActivation);
    layer.alpha = record.alpha;
    layer.normalization = records.EnumOf(record.normalization, Normalization::kLayer);
    layer.epsilon = record.epsilon;
    layer.momentum = record.momentum;
    layer.dropout = record.dropout;
    layer.noise = record.noise;
    layer.scales_inputs = record.scales_inputs != 0;
    layer.mixes = record.mixes != 0;
    layer.skip = records.SizeOf(record.skip, 0, l + 1 < count ? l + 1 : 0);
    layer.trainable = record.trainable != 0;
    layer.l1 = record.l1;
    layer.l2 = record.l2;
    layer.max_norm = record.max_norm;
    if (layer.mixes && (l + 1 == count || NeedsAllUnits(layer.activation)))
      throw records.Wrong("layers whose mixes are of hidden units, one by one");
    layers.push_back(layer);
    if (layer.skip > 0 && layers[layer.skip - 1].inputs != layer.outputs) {
      throw records.Wrong("layers whose skips add inputs as wide as their outputs");
    }
  }
  return layers;
}

std::vector<ParameterFactors> FactorsOf(size_t count, const Argument& records) {
  if (records.Length() == 0) return {};
  constexpr size_t kFields = FieldCount<FactorsRecord>();
  const double* numbers = records.Array<double>(count * kFields);
  std::vector<ParameterFactors> factors;
  for (size_t i = 0; i < count; i++) {
    const auto record = ReadRecord<FactorsRecord>(numbers + i * kFields);
    factors.push_back({record.learning_rate, record.weight_decay});
  }
  return factors;
}

std::vector<double> LevelsOf(const Argument& levels, size_t outputs) {
  const size_t count = levels.Length();
  if (count > 1 && count != outputs) throw levels.Wrong("empty, or of length 1 or the number of outputs");
  const double* numbers = levels.Array<double>(count);
  return {numbers, numbers + count};
}

}  // namespace blasnet
