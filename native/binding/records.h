// The records of numbers that cross the border, and what JavaScript is told about them: each is declared here
// alone. A number that stands for yes or no is 1 or 0.
#pragma once

#include "kernels/losses.h"
#include "kernels/record.h"

namespace blasnet {

// A layer.
struct LayerRecord {
  double outputs;     // units
  double activation;  // its number
  double alpha;       // the activation's parameter, or 0
  double normalization;
  double epsilon;   // of the normalisation
  double momentum;  // of batch normalisation
  double dropout;
  double noise;
  double skip;  // the number of the layer, from 1, whose input is added to the outputs; 0: none
  double trainable;
  double l1;
  double l2;
  double max_norm;  // 0: none

  static constexpr Field<LayerRecord> kFields[] = {
      {"outputs", &LayerRecord::outputs}, {"activation", &LayerRecord::activation},
      {"alpha", &LayerRecord::alpha},     {"normalization", &LayerRecord::normalization},
      {"epsilon", &LayerRecord::epsilon}, {"momentum", &LayerRecord::momentum},
      {"dropout", &LayerRecord::dropout}, {"noise", &LayerRecord::noise},
      {"skip", &LayerRecord::skip},       {"trainable", &LayerRecord::trainable},
      {"l1", &LayerRecord::l1},           {"l2", &LayerRecord::l2},
      {"maxNorm", &LayerRecord::max_norm}};
};

// A table of the input.
struct EmbeddingRecord {
  double categories;
  double outputs;  // units

  static constexpr Field<EmbeddingRecord> kFields[] = {{"categories", &EmbeddingRecord::categories},
                                                       {"outputs", &EmbeddingRecord::outputs}};
};

// What a training call is to do.
struct TrainRecord {
  double rows;    // of X
  double epochs;  // how many
  double from;    // of each epoch's samples, in their order, those from .. to
  double to;
  double batch_size;
  double accumulate;  // batches a step
  double optimizer;   // its number
  double steps;       // taken before
  double batches;     // gone through before
  double clip_value;  // 0: none
  double clip_norm;   // 0: none
  double key_low;     // of dropout and noise
  double key_high;
  double check;  // whether to look through the samples first

  static constexpr Field<TrainRecord> kFields[] = {{"rows", &TrainRecord::rows},
                                                   {"epochs", &TrainRecord::epochs},
                                                   {"from", &TrainRecord::from},
                                                   {"to", &TrainRecord::to},
                                                   {"batchSize", &TrainRecord::batch_size},
                                                   {"accumulate", &TrainRecord::accumulate},
                                                   {"optimizer", &TrainRecord::optimizer},
                                                   {"steps", &TrainRecord::steps},
                                                   {"batches", &TrainRecord::batches},
                                                   {"clipValue", &TrainRecord::clip_value},
                                                   {"clipNorm", &TrainRecord::clip_norm},
                                                   {"keyLow", &TrainRecord::key_low},
                                                   {"keyHigh", &TrainRecord::key_high},
                                                   {"check", &TrainRecord::check}};
};

// What an operation leaves behind: see Outcome and Totals.
struct OutcomeRecord {
  double status;
  double index;
  double epoch;
  double batch;
  double layer;
  double loss;
  double hits;

  static constexpr Field<OutcomeRecord> kFields[] = {
      {"status", &OutcomeRecord::status}, {"index", &OutcomeRecord::index}, {"epoch", &OutcomeRecord::epoch},
      {"batch", &OutcomeRecord::batch},   {"layer", &OutcomeRecord::layer}, {"loss", &OutcomeRecord::loss},
      {"hits", &OutcomeRecord::hits}};
};

}  // namespace blasnet
