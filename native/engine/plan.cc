#include "engine/plan.h"

#include <algorithm>
#include <cmath>

#include "kernels/activations.h"
#include "kernels/layer.h"
#include "kernels/losses.h"
#include "kernels/optimizers.h"
#include "kernels/scan.h"

namespace blasnet {
namespace {

// A tile's activations should stay in a second-level cache, but a tile that is too short makes every matrix
// product thin; both bounds were measured on the networks in bench/.
constexpr size_t kTileBytes = 512 * 1024;
constexpr size_t kLeastTileRows = 64;
constexpr size_t kMostTileRows = 512;

template <typename T>
class PlanOf final : public Plan {
 public:
  PlanOf(const std::vector<LayerSpec>& specs, Loss loss, T* parameters)
      : loss_(loss), parameters_(parameters), parameter_count_(ParameterCount(specs)) {
    size_t offset = 0, units = specs.front().inputs;
    for (const LayerSpec& spec : specs) {
      layers_.push_back({spec, offset, offset + spec.inputs * spec.outputs});
      offset += (spec.inputs + 1) * spec.outputs;
      units += spec.outputs;
      widest_ = std::max({widest_, spec.inputs, spec.outputs});
    }
    tile_rows_ = std::clamp(kTileBytes / (units * sizeof(T)), kLeastTileRows, kMostTileRows);
    activations_.resize(layers_.size());
  }

  Outcome Predict(const void* x_data, size_t rows, void* out_data) override {
    const T* x = static_cast<const T*>(x_data);
    T* out = static_cast<T*>(out_data);
    for (size_t row = 0; row < rows; row += tile_rows_) {
      if (Stopped()) return {Status::kStopped};
      const size_t m = std::min(tile_rows_, rows - row);
      const T* tile = x + row * Inputs();
      const size_t bad = FirstNonFinite(tile, m * Inputs());
      if (bad != m * Inputs()) return {Status::kInputNotFinite, row * Inputs() + bad};
      ForwardTile(tile, m, out + row * Outputs());
      ActivationForward(layers_.back().activation, SampleAxis::kRows, m, Outputs(), out + row * Outputs(),
                        out + row * Outputs());
    }
    return {};
  }

  Outcome Evaluate(Samples samples, Totals* totals) override {
    return Sweep(samples, [&](const T* x, const T* y, size_t m, size_t) {
      ForwardTile(x, m, nullptr);
      AddLoss(y, m, T{0}, nullptr, totals);
    });
  }

  Outcome Gradients(Samples samples, void* gradients, Totals* totals) override {
    T* out = static_cast<T*>(gradients);
    return Sweep(samples, [&](const T* x, const T* y, size_t m, size_t row) {
      Tile(x, y, m, samples.rows, out, row == 0, totals);
    });
  }

  Outcome Train(const TrainRequest& request) override {
    const T* x = static_cast<const T*>(request.samples.x);
    const T* y = static_cast<const T*>(request.samples.y);
    const size_t rows = request.samples.rows;
    if (request.check) {
      const Outcome outcome = Check(x, y, rows);
      if (outcome.status != Status::kDone) return outcome;
    }
    gradients_.resize(parameter_count_);
    for (size_t epoch = 0; epoch < request.epochs; epoch++) {
      const uint32_t* order = request.order == nullptr ? nullptr : request.order + epoch * rows;
      Totals totals;
      for (size_t start = 0, batch = 0; start < rows; start += request.batch_size, batch++) {
        const size_t end = std::min(rows, start + request.batch_size);
        for (size_t row = start; row < end; row += tile_rows_) {
          if (Stopped()) return {Status::kStopped, 0, epoch, batch};
          const size_t m = std::min(tile_rows_, end - row);
          const T* tile_x = Rows(x, Inputs(), order, row, m, &gathered_x_);
          const T* tile_y = Rows(y, Outputs(), order, row, m, &gathered_y_);
          const double before = totals.loss;
          Tile(tile_x, tile_y, m, end - start, gradients_.data(), row == start, &totals);
          if (!std::isfinite(totals.loss - before)) {
            return {Status::kDiverged, 0, epoch, batch, FirstBadLayer(m)};
          }
        }
        GradientDescent(parameters_, gradients_.data(), parameter_count_,
                        static_cast<T>(request.learning_rate));
      }
      request.loss[epoch] = totals.loss / static_cast<double>(rows);
      request.accuracy[epoch] = static_cast<double>(totals.hits) / static_cast<double>(rows);
    }
    return {Status::kDone, 0, request.epochs};
  }

 private:
  struct Layer : LayerSpec {
    size_t weights;  // where W (out, in) starts in the parameters
    size_t bias;     // where b (out) starts
  };

  size_t Inputs() const { return layers_.front().inputs; }
  size_t Outputs() const { return layers_.back().outputs; }

  // Whether the loss is computed from the last layer's logits, and its gradient is that of the logits.
  bool FromLogits() const { return loss_ != Loss::kMeanSquaredError; }

  // All samples in tiles, checked: f(x, y, m, first row).
  template <class F>
  Outcome Sweep(Samples samples, const F& f) {
    const T* x = static_cast<const T*>(samples.x);
    const T* y = static_cast<const T*>(samples.y);
    const Outcome outcome = Check(x, y, samples.rows);
    if (outcome.status != Status::kDone) return outcome;
    for (size_t row = 0; row < samples.rows; row += tile_rows_) {
      if (Stopped()) return {Status::kStopped};
      f(x + row * Inputs(), y + row * Outputs(), std::min(tile_rows_, samples.rows - row), row);
    }
    return {};
  }

  Outcome Check(const T* x, const T* y, size_t rows) {
    // In pieces, so that a stop is noticed soon also on large data.
    constexpr size_t kPiece = size_t{1} << 20;
    for (size_t i = 0; i < rows * Inputs(); i += kPiece) {
      if (Stopped()) return {Status::kStopped};
      const size_t size = std::min(kPiece, rows * Inputs() - i);
      const size_t bad = FirstNonFinite(x + i, size);
      if (bad != size) return {Status::kInputNotFinite, i + bad};
    }
    for (size_t i = 0; i < rows * Outputs(); i += kPiece) {
      if (Stopped()) return {Status::kStopped};
      const size_t size = std::min(kPiece, rows * Outputs() - i);
      const size_t bad = FromLogits() ? FirstOutside(y + i, size, T{0}, T{1}) : FirstNonFinite(y + i, size);
      if (bad != size) return {Status::kLabelOutside, i + bad};
    }
    return {};
  }

  // Rows row .. row + m of the data: in place, or gathered in the epoch's order.
  const T* Rows(const T* data, size_t cols, const uint32_t* order, size_t row, size_t m,
                std::vector<T>* gathered) {
    if (order == nullptr) return data + row * cols;
    gathered->resize(tile_rows_ * cols);
    for (size_t i = 0; i < m; i++)
      std::copy_n(data + order[row + i] * cols, cols, gathered->data() + i * cols);
    return gathered->data();
  }

  // Forward through all layers, leaving A_l in activations_[l - 1]; of the last layer the logits Z_L, in
  // `logits` where it is given.
  void ForwardTile(const T* x, size_t m, T* logits) {
    const T* input = x;
    for (size_t l = 0; l < layers_.size(); l++) {
      const Layer& layer = layers_[l];
      const bool last = l + 1 == layers_.size();
      T* output = last && logits != nullptr ? logits : Activations(l);
      LayerForward(SampleAxis::kRows, {m, layer.inputs, layer.outputs}, input, parameters_ + layer.weights,
                   parameters_ + layer.bias, output);
      if (!last) ActivationForward(layer.activation, SampleAxis::kRows, m, layer.outputs, output, output);
      input = output;
    }
  }

  // Adds the loss and hits of the logits that ForwardTile left, and writes dZ_L (m, out) into `dz` unless
  // it is null.
  void AddLoss(const T* y, size_t m, T scale, T* dz, Totals* totals) {
    T* z = Activations(layers_.size() - 1);
    const size_t outputs = Outputs();
    switch (loss_) {
      case Loss::kBinaryCrossEntropy:
        totals->loss += BinaryCrossEntropyFromLogits(z, y, m * outputs, scale, dz);
        totals->hits += CountBinaryHits(SampleAxis::kRows, z, y, m, outputs, T{0});
        return;
      case Loss::kCategoricalCrossEntropy:
        totals->loss += CategoricalCrossEntropyFromLogits(z, y, m, outputs, scale, dz);
        totals->hits += CountCategoricalHits(z, y, m, outputs);
        return;
      case Loss::kMeanSquaredError: {
        const Activation activation = layers_.back().activation;
        ActivationForward(activation, SampleAxis::kRows, m, outputs, z, z);
        totals->loss += MeanSquaredError(z, y, m, outputs, scale, dz);
        if (dz != nullptr) ActivationBackward(activation, SampleAxis::kRows, m, outputs, dz, z, dz);
        return;
      }
    }
  }

  // One tile forward and backward. `gradients` gets the tile's share of the gradient of the mean over
  // `batch_rows` samples: written when it is the batch's first, added otherwise.
  void Tile(const T* x, const T* y, size_t m, size_t batch_rows, T* gradients, bool first, Totals* totals) {
    deltas_[0].resize(tile_rows_ * widest_);
    deltas_[1].resize(tile_rows_ * widest_);
    T* dz = deltas_[0].data();
    T* da = deltas_[1].data();
    ForwardTile(x, m, nullptr);
    AddLoss(y, m, T{1} / static_cast<T>(batch_rows), dz, totals);
    const T beta = first ? T{0} : T{1};
    for (size_t l = layers_.size(); l-- > 0;) {
      const Layer& layer = layers_[l];
      const LayerShape shape{m, layer.inputs, layer.outputs};
      const T* input = l == 0 ? x : Activations(l - 1);
      LayerGradients(SampleAxis::kRows, shape, T{1}, dz, input, beta, gradients + layer.weights,
                     gradients + layer.bias);
      if (l == 0) break;
      LayerInputGradient(SampleAxis::kRows, shape, dz, parameters_ + layer.weights, da);
      ActivationBackward(layers_[l - 1].activation, SampleAxis::kRows, m, layer.inputs, da, input, da);
      std::swap(dz, da);
    }
  }

  T* Activations(size_t l) {
    std::vector<T>& tile = activations_[l];
    if (tile.empty()) tile.resize(tile_rows_ * layers_[l].outputs);
    return tile.data();
  }

  // From 1: the first layer whose values in the tile's m rows are not finite, or the last.
  size_t FirstBadLayer(size_t m) {
    for (size_t l = 0; l < layers_.size(); l++) {
      const size_t size = m * layers_[l].outputs;
      if (FirstNonFinite(Activations(l), size) != size) return l + 1;
    }
    return layers_.size();
  }

  const Loss loss_;
  T* const parameters_;
  const size_t parameter_count_;
  std::vector<Layer> layers_;
  size_t widest_ = 0;
  size_t tile_rows_ = 0;

  // The workspace; every array grows at its first use, so that a plan that only predicts stays small.
  std::vector<std::vector<T>> activations_;  // [L] (tile, out)
  std::vector<T> deltas_[2];                 // (tile, widest)
  std::vector<T> gathered_x_;                // (tile, in)
  std::vector<T> gathered_y_;                // (tile, out)
  std::vector<T> gradients_;                 // (parameters)
};

}  // namespace

template <typename T>
std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>& layers, Loss loss, T* parameters) {
  return std::make_unique<PlanOf<T>>(layers, loss, parameters);
}

template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, Loss, double*);
template std::unique_ptr<Plan> MakePlan(const std::vector<LayerSpec>&, Loss, float*);

size_t ParameterCount(const std::vector<LayerSpec>& layers) {
  size_t count = 0;
  for (const LayerSpec& layer : layers) count += (layer.inputs + 1) * layer.outputs;
  return count;
}

}  // namespace blasnet
