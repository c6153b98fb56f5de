#pragma once

#include "engine/batch_moments.h"
#include "engine/layers.h"
#include "engine/stages/stage.h"

namespace blasnet {

// Batch normalisation (Ioffe and Szegedy, 2015): normalises each unit by its mean and variance over the
// samples. Training uses the batch's moments (batch_moments.h), other passes use the running moments. out =
// gamma * normalized + beta.
//
// In training, the samples are a part of the batch, so each direction has two parts: Measure, then Forward
// when all tiles are measured; GradientsOfFactors, then Backward.
template <typename T>
class BatchNormStage final : public Stage<T> {
 public:
  BatchNormStage(Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters, const T* statistics)
      : Stage<T>(in, out), layer_(layer), parameters_(parameters), statistics_(statistics) {}

  // Sets where the moments of the batch are; before a pass that uses them.
  void Use(const LayerMoments<T>* batch) { batch_ = batch; }

  // Writes the moments of units from .. to: see BatchMoments::Part.
  void Measure(const TileSamples& at, size_t from, size_t to, double* part);
  // Writes the gradients of gamma and beta likewise, and to `gradients`, or adds them if `accumulate`.
  void GradientsOfFactors(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients,
                          double* part);

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  ParameterSpan Parameters() const override { return {layer_.gamma, 2 * layer_.outputs}; }
  size_t Bytes() const override {
    return mean_.Bytes() + rest_.Bytes() + variance_.Bytes() + inverse_.Bytes() + output_.Bytes();
  }

 private:
  bool UsesBatch(const TileSamples& at) const { return at.pass.training && layer_.UsesBatchMoments(); }

  const Layer& layer_;
  const T* const parameters_;
  const T* const statistics_;
  const LayerMoments<T>* batch_ = nullptr;
  Workspace<T> mean_;      // (units) of the samples, without the rest
  Workspace<T> rest_;      // (units) what mean_ is too short for
  Workspace<T> variance_;  // (units) of the samples
  Workspace<T> inverse_;   // (units) 1 / standard deviation
  Workspace<T> output_;    // (units, ld); the normalised values are left in `in`
};

// Layer normalisation (Ba, Kiros and Hinton, 2016): normalises each sample by its mean and variance over the
// units.
template <typename T>
class LayerNormStage final : public Stage<T> {
 public:
  LayerNormStage(Slot<T>* in, Slot<T>* out, const Layer& layer, const T* parameters)
      : Stage<T>(in, out), layer_(layer), parameters_(parameters) {}

  void Prepare(const TileSamples& at) override;
  void Forward(const TileSamples& at, size_t from, size_t to) override;
  void Backward(const TileSamples& at, size_t from, size_t to, bool accumulate, T* gradients) override;
  bool NeedsAllUnits() const override { return true; }
  ParameterSpan Parameters() const override { return {layer_.gamma, 2 * layer_.outputs}; }
  size_t Bytes() const override { return inverse_.Bytes() + output_.Bytes(); }

 private:
  const Layer& layer_;
  const T* const parameters_;
  Workspace<T> inverse_;  // (ld) 1 / standard deviation
  Workspace<T> output_;   // (units, ld); the normalised values are left in `in`
};

}  // namespace blasnet
