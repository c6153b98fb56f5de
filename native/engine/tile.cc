#include "engine/tile.h"

#include <algorithm>
#include <utility>

#include "engine/stages/add.h"
#include "engine/stages/dropout.h"
#include "engine/stages/members.h"
#include "engine/stages/mix.h"
#include "engine/stages/noise.h"
#include "engine/stages/numeric.h"
#include "engine/stages/scale.h"
#include "kernels/blocks.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// With at least this many features, the first layer reads X in rows of samples. With fewer, the rows are so
// short that transposing X is cheaper than the products. It is cheaper, too, if the layer has many outputs:
// they read the transposed X again and again.
constexpr size_t kWideInput = 96;
constexpr size_t kManyOutputs = 192;

// The distance between rows of `samples` elements. With an even number of cache lines, every other row would
// start in the same cache sets.
template <typename T>
size_t RowLength(size_t samples) {
  constexpr size_t kLine = PaddedSize<T>(1);
  const size_t length = PaddedSize<T>(samples);
  return length / kLine % 2 == 0 ? length + kLine : length;
}

// Streams of random numbers of layer l (from 0).
uint32_t DropoutStream(size_t l) { return static_cast<uint32_t>(2 * l); }
uint32_t NoiseStream(size_t l) { return static_cast<uint32_t>(2 * l + 1); }

}  // namespace

template <typename T>
Tile<T>::Tile(const Network& network, Loss loss, const T* parameters, const T* statistics,
              size_t most_samples, bool to_inputs)
    : network_(network), loss_(loss), to_inputs_(to_inputs), consensus_(network, loss) {
  samples_.capacity = most_samples == 1 ? 1 : RowLength<T>(most_samples);
  rows_.capacity = network.RowsPerSample() == 1 ? samples_.capacity : MemberRowLength(most_samples);
  Build(parameters, statistics);
}

// The products of the last member write whole vectors, too.
template <typename T>
size_t Tile<T>::MemberRowLength(size_t samples) const {
  return RowLength<T>((network_.RowsPerSample() - 1) * samples + PaddedSize<T>(samples));
}

template <typename T>
template <class S, class... Arguments>
S* Tile<T>::Make(Arguments&&... arguments) {
  auto stage = std::make_unique<S>(std::forward<Arguments>(arguments)...);
  S* made = stage.get();
  stages_.push_back(std::move(stage));
  return made;
}

template <typename T>
Slot<T>* Tile<T>::NewSlot(size_t units) {
  slots_.push_back(std::make_unique<Slot<T>>());
  slots_.back()->units = units;
  return slots_.back().get();
}

template <typename T>
void Tile<T>::Build(const T* parameters, const T* statistics) {
  const std::vector<Layer>& layers = network_.layers;
  // The input of a layer forks if this layer or a later one adds it to its outputs.
  std::vector<bool> forks(layers.size());
  std::vector<size_t> last_reader(layers.size());
  for (size_t l = 0; l < layers.size(); l++) {
    if (layers[l].skip == 0) continue;
    forks[layers[l].skip - 1] = true;
    last_reader[layers[l].skip - 1] = l;
  }
  // Everything before a stage of interest needs gradients.
  const bool into_input = to_inputs_ || network_.TrainsInput();
  size_t first_trained = 0;
  while (!to_inputs_ && first_trained < layers.size() && !layers[first_trained].trainable) first_trained++;
  const auto wants_gradient = [&](size_t l) { return l > first_trained || (l == 0 && into_input); };

  const bool embeds_numbers = network_.numeric.columns > 0;
  const bool by_sample = network_.Features() >= kWideInput && layers[0].outputs < kManyOutputs &&
                         layers[0].noise == 0 && !layers[0].scales_inputs && !embeds_numbers &&
                         !HasMembers() && !forks[0] && samples_.capacity > 1;
  Slot<T>* current = NewSlot(network_.RawFeatures());
  input_ = Make<InputStage<T>>(current, network_, parameters, by_sample);
  segments_.push_back({nullptr, {input_}, current->units});

  // The gradients of layer l's input use array 0 or 1 alternately, or their own array.
  gradient_arrays_.resize(2);
  const auto take_array = [&](size_t l, bool own) {
    if (!own) return l % 2;
    gradient_arrays_.emplace_back();
    return gradient_arrays_.size() - 1;
  };
  std::vector<Slot<T>*> inputs(layers.size());
  size_t array = take_array(0, forks[0]);
  bool wanted = into_input;  // whether the input's gradient is needed
  const auto with_gradients = [&](Slot<T>* slot) {
    if (!wanted) return slot;
    GradientArray& gradients = gradient_arrays_[array];
    gradients.slots.push_back(slot);
    gradients.units = std::max(gradients.units, slot->units);
    return slot;
  };
  if (embeds_numbers) {
    Slot<T>* raw = current;
    if (wanted) gradient_arrays_.push_back({raw->units, {raw}, {}});
    current = NewSlot(network_.Features());
    segments_[0].stages.push_back(Make<NumericStage<T>>(raw, current, network_, parameters, to_inputs_));
    segments_[0].units = current->units;
  }
  if (HasMembers()) {
    Slot<T>* features = current;
    const bool features_wanted = to_inputs_ || network_.TrainsFeatures();
    if (features_wanted) gradient_arrays_.push_back({features->units, {features}, {}});
    current = NewSlot(network_.Features());
    auto* members = Make<MembersStage<T>>(features, current, network_, parameters, samples_, features_wanted);
    segments_.push_back({nullptr, {members}, current->units});
  }
  with_gradients(current);
  ActivateStage<T>* relu_before = nullptr;
  for (size_t l = 0; l < layers.size(); l++) {
    const Layer& layer = layers[l];
    const bool last = l + 1 == layers.size();
    current->forks = forks[l];
    inputs[l] = current;
    if (layer.noise > 0) {
      Slot<T>* noisy = with_gradients(NewSlot(layer.inputs));
      noisy->forks = forks[l];
      segments_.back().stages.push_back(Make<NoiseStage<T>>(current, noisy, layer.noise, NoiseStream(l)));
      current = noisy;
    }
    if (layer.scales_inputs) {
      Slot<T>* scaled = NewSlot(layer.inputs);
      gradient_arrays_.push_back({layer.inputs, {scaled}, {}});
      segments_.back().stages.push_back(
          Make<ScaleStage<T>>(current, scaled, layer, parameters, wants_gradient(l)));
      current = scaled;
      // Its gradient by the factors is that before relu's derivative.
      relu_before = nullptr;
    }
    array = take_array(l + 1, !last && forks[l + 1]);
    wanted = true;
    const auto next = [&] { return with_gradients(NewSlot(layer.outputs)); };
    const auto append = [&](Stage<T>* stage) {
      if (stage->NeedsAllUnits()) {
        segments_.push_back({nullptr, {stage}, layer.outputs});
      } else {
        segments_.back().stages.push_back(stage);
      }
    };

    Slot<T>* out = next();
    auto* affine = Make<AffineStage<T>>(current, out, layer, parameters);
    segments_.push_back({affine, {affine}, layer.outputs});
    current = out;
    if (layer.normalization == Normalization::kBatch) {
      out = next();
      auto* norm = Make<BatchNormStage<T>>(current, out, layer, parameters, statistics);
      append(norm);
      if (layer.UsesBatchMoments()) segments_.back().norm = norm;
      current = out;
    } else if (layer.normalization == Normalization::kLayer) {
      out = next();
      append(Make<LayerNormStage<T>>(current, out, layer, parameters));
      current = out;
    }
    out = next();
    ActivateStage<T>* activate = nullptr;
    if (layer.mixes) {
      append(Make<MixStage<T>>(current, out, layer, parameters));
    } else {
      activate =
          Make<ActivateStage<T>>(current, out, layer.activation, layer.alpha, last && FromLogits(loss_));
      append(activate);
    }
    affine->FuseWith(layer.normalization == Normalization::kNone ? activate : nullptr, relu_before);
    relu_before = activate;
    activations_.push_back(out);
    current = out;
    if (layer.dropout > 0) {
      out = next();
      append(Make<DropoutStage<T>>(current, out, layer.dropout, DropoutStream(l)));
      current = out;
    }
    if (layer.skip > 0) {
      const size_t earlier = layer.skip - 1;
      out = next();
      append(Make<AddStage<T>>(current, inputs[earlier], out, wants_gradient(earlier),
                               last_reader[earlier] == l));
      current = out;
      // The next affine stage reads the sum, so it cannot apply relu's derivative.
      relu_before = nullptr;
    }
  }
}

template <typename T>
void Tile<T>::Prepare(const Pass& pass, size_t m, size_t first) {
  const size_t members = network_.RowsPerSample(), capacity = rows_.capacity;
  samples_.m = m;
  samples_.ld = samples_.capacity == 1 ? 1 : RowLength<T>(m);
  samples_.first = first;
  samples_.pass = pass;
  rows_ = samples_;
  rows_.capacity = capacity;
  if (members > 1) {
    rows_.m = members * m;
    rows_.ld = MemberRowLength(m);
    // Each tile has the draws of its own rows.
    rows_.first = members * first;
  }
  for (const Segment<T>& segment : segments_) {
    for (Stage<T>* stage : segment.stages) stage->Prepare(At(segment));
  }
}

template <typename T>
void Tile<T>::PrepareGradients() {
  for (GradientArray& array : gradient_arrays_) {
    T* values = array.values.Reserve(array.units * rows_.capacity);
    for (Slot<T>* slot : array.slots) slot->gradients = values;
  }
}

template <typename T>
void Tile<T>::Load(const Source<T>& source, size_t row, size_t m, const Pass& pass, size_t first) {
  input_->Load(source, row);
  Prepare(pass, m, first);
  if (pass.GoesBack()) PrepareGradients();
  Forward(segments_[0], 0, segments_[0].units);
  if (source.y != nullptr) LoadLabels(source, row);
}

template <typename T>
void Tile<T>::LoadLabels(const Source<T>& source, size_t row) {
  const size_t m = samples_.m, ld = rows_.ld;
  if (TakesClasses(loss_)) {
    const int32_t* classes = static_cast<const int32_t*>(source.y);
    T* labels = labels_.Reserve(samples_.capacity);
    for (size_t i = 0; i < m; i++) labels[i] = static_cast<T>(classes[source.Sample(row + i)]);
  } else {
    const size_t out = network_.Outputs();
    const T* y = static_cast<const T*>(source.y);
    T* labels = labels_.Reserve(out * rows_.capacity);
    for (size_t i = 0; i < m; i++) {
      const T* outputs = y + source.Sample(row + i) * out;
      for (size_t j = 0; j < out; j++) labels[j * ld + i] = outputs[j];
    }
  }
  weighted_ = source.weights != nullptr;
  if (!weighted_) return;
  T* weights = weights_.Reserve(samples_.capacity);
  for (size_t i = 0; i < m; i++) weights[i] = source.weights[source.Sample(row + i)];
}

template <typename T>
void Tile<T>::Forward(const Segment<T>& segment, size_t from, size_t to) {
  for (Stage<T>* stage : segment.stages) stage->Forward(At(segment), from, to);
}

template <typename T>
void Tile<T>::ComputeLoss(const LossSpec& loss, T scale, Totals* totals) {
  const Slot<T>& outputs = *slots_.back();
  const size_t m = samples_.m, ld = rows_.ld, members = network_.RowsPerSample();
  const T* weights = weighted_ ? weights_.data() : nullptr;
  const T* labels = labels_.data();
  const T* values = outputs.values;
  const bool goes_back = rows_.pass.GoesBack();
  const auto loss_of = [&](const T* of, T factor, T* gradients) {
    return blasnet::ComputeLoss(loss, of, labels, weights, m, network_.Outputs(), ld, factor, gradients);
  };
  if (members == 1) {
    *totals = loss_of(values, scale, goes_back ? outputs.gradients : nullptr);
    return;
  }
  *totals = {};
  if (!goes_back || TraitsOf(loss_).hits != Hits::kNone) {
    *totals =
        loss_of(FromLogits(loss_) ? consensus_.OfLogits(values, m, ld) : consensus_.OfOutputs(values, m, ld),
                T{0}, nullptr);
  }
  if (!goes_back) return;
  totals->loss = 0;
  const double share = 1.0 / static_cast<double>(members);
  for (size_t member = 0; member < members; member++) {
    const size_t block = member * m;
    const Totals own = loss_of(values + block, scale / static_cast<T>(members), outputs.gradients + block);
    totals->loss += own.loss * share;
  }
}

template <typename T>
void Tile<T>::BackwardTail(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients) {
  for (size_t i = segment.stages.size(); i-- > 1;) {
    segment.stages[i]->Backward(At(segment), from, to, accumulate, gradients);
  }
}

template <typename T>
void Tile<T>::BackwardHead(const Segment<T>& segment, size_t from, size_t to, bool accumulate, T* gradients) {
  segment.stages.front()->Backward(At(segment), from, to, accumulate, gradients);
}

template <typename T>
void Tile<T>::WeightGradients(const Segment<T>& segment, size_t from, size_t to, bool accumulate,
                              T* gradients) const {
  segment.affine->WeightGradients(rows_, from, to, accumulate, gradients);
}

template <typename T>
void Tile<T>::PickOutput(size_t output) {
  T* gradients = slots_.back()->gradients;
  const size_t ld = rows_.ld;
  std::fill_n(gradients, network_.Outputs() * ld, T{0});
  if (HasMembers()) {
    consensus_.Backward(slots_.back()->values, Answers(), output, samples_.m, ld, gradients);
  } else {
    std::fill_n(gradients + output * ld, samples_.m, T{1});
  }
}

template <typename T>
void Tile<T>::BackwardToInputs(T* parameter_gradients) {
  for (size_t s = segments_.size(); s-- > 0;) {
    const Segment<T>& segment = segments_[s];
    BackwardTail(segment, 0, segment.units, false, parameter_gradients);
    if (s == 0) return;
    const size_t units = segment.affine == nullptr ? segment.units : segment.affine->layer().inputs;
    BackwardHead(segment, 0, units, false, parameter_gradients);
  }
}

template <typename T>
void Tile<T>::StoreInputGradients(T* out) const {
  const T* d = slots_.front()->gradients;
  const size_t numbers = network_.numbers;
  for (size_t i = 0; i < samples_.m; i++) {
    for (size_t j = 0; j < numbers; j++) out[i * numbers + j] = d[j * samples_.ld + i];
  }
}

template <typename T>
const T* Tile<T>::Answers() {
  const T* a = slots_.back()->values;
  return HasMembers() ? consensus_.OfOutputs(a, samples_.m, rows_.ld) : a;
}

template <typename T>
void Tile<T>::Store(T* out) {
  const T* a = Answers();
  const size_t outputs = network_.Outputs();
  for (size_t i = 0; i < samples_.m; i++) {
    for (size_t j = 0; j < outputs; j++) out[i * outputs + j] = a[j * rows_.ld + i];
  }
}

template <typename T>
void Tile<T>::PredictOne(const Source<T>& source, T* out) {
  input_->Load(source, 0);
  if (busy_.empty()) {
    PrepareOne();
  } else {
    // The later stages are still prepared from the previous sample.
    for (Stage<T>* stage : segments_[0].stages) stage->Prepare(samples_);
  }
  for (const Busy& busy : busy_) {
    if (busy.layers.empty()) {
      busy.stage->Forward(*busy.at, 0, busy.units);
    } else {
      RowForward(busy.layers.data(), busy.layers.size(), busy.input->values);
    }
  }
  Store(out);
}

template <typename T>
void Tile<T>::PrepareOne() {
  Pass pass;
  pass.predicts = true;
  Prepare(pass, 1, 0);
  // If memory is short, the next sample tries again.
  std::vector<Busy> busy;
  for (const Segment<T>& segment : segments_) {
    const TileSamples& at = At(segment);
    for (Stage<T>* stage : segment.stages) {
      if (stage->Idle(at)) continue;
      // With members, a sample has several rows.
      if (stage != segment.affine || !at.Single()) {
        busy.push_back({stage, segment.units, &at, nullptr});
        continue;
      }
      const Slot<T>& input = segment.affine->input();
      const bool follows =
          !busy.empty() && !busy.back().layers.empty() && busy.back().layers.back().z == input.values;
      if (!follows) busy.push_back({stage, segment.units, &at, &input});
      busy.back().layers.push_back(segment.affine->ForOneRow());
    }
  }
  busy_ = std::move(busy);
}

template <typename T>
size_t Tile<T>::Bytes() const {
  size_t bytes = labels_.Bytes() + weights_.Bytes() + consensus_.Bytes();
  for (const auto& stage : stages_) bytes += stage->Bytes();
  for (const GradientArray& array : gradient_arrays_) bytes += array.values.Bytes();
  return bytes;
}

template <typename T>
size_t Tile<T>::FirstBadLayer() const {
  for (size_t l = 0; l < activations_.size(); l++) {
    for (size_t j = 0; j < activations_[l]->units; j++) {
      if (FirstNonFinite(activations_[l]->values + j * rows_.ld, rows_.m) != rows_.m) return l;
    }
  }
  return activations_.size() - 1;
}

template class Tile<double>;
template class Tile<float>;

}  // namespace blasnet
