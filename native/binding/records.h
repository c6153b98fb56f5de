// The records that cross the border between JavaScript and C++. (The options of losses and optimisers are
// records, too: see losses.h, optimizers.h and lbfgs.h; so are results of metrics: see comparison.h and
// ranking.h.) In a field for yes or no, 1 is yes and 0 is no.
#pragma once

#include "kernels/losses.h"
#include "kernels/record.h"

namespace blasnet {

// A layer.
struct LayerRecord {
  double outputs;     // units
  double activation;  // the code of the activation
  double alpha;       // the activation's parameter, or 0
  double normalization;
  double epsilon;   // for the normalisation
  double momentum;  // for batch normalisation
  double dropout;
  double noise;
  double scales_inputs;
  double mixes;
  double skip;  // the number (from 1) of the layer whose input is added to the outputs; 0: none
  double trainable;
  double l1;
  double l2;
  double max_norm;  // 0: no limit

  static constexpr Field<LayerRecord> kFields[] = {{"outputs", &LayerRecord::outputs},
                                                   {"activation", &LayerRecord::activation},
                                                   {"alpha", &LayerRecord::alpha},
                                                   {"normalization", &LayerRecord::normalization},
                                                   {"epsilon", &LayerRecord::epsilon},
                                                   {"momentum", &LayerRecord::momentum},
                                                   {"dropout", &LayerRecord::dropout},
                                                   {"noise", &LayerRecord::noise},
                                                   {"scalesInputs", &LayerRecord::scales_inputs},
                                                   {"mixes", &LayerRecord::mixes},
                                                   {"skip", &LayerRecord::skip},
                                                   {"trainable", &LayerRecord::trainable},
                                                   {"l1", &LayerRecord::l1},
                                                   {"l2", &LayerRecord::l2},
                                                   {"maxNorm", &LayerRecord::max_norm}};
};

// The factors of one parameter: see ParameterFactors.
struct FactorsRecord {
  double learning_rate;
  double weight_decay;

  static constexpr Field<FactorsRecord> kFields[] = {{"learningRate", &FactorsRecord::learning_rate},
                                                     {"weightDecay", &FactorsRecord::weight_decay}};
};

// An embedding table.
struct EmbeddingRecord {
  double categories;
  double outputs;  // units

  static constexpr Field<EmbeddingRecord> kFields[] = {{"categories", &EmbeddingRecord::categories},
                                                       {"outputs", &EmbeddingRecord::outputs}};
};

// Numeric embeddings: see NumericSpec.
struct NumericRecord {
  double kind;
  double columns;
  double frequencies;
  double outputs;

  static constexpr Field<NumericRecord> kFields[] = {{"kind", &NumericRecord::kind},
                                                     {"columns", &NumericRecord::columns},
                                                     {"frequencies", &NumericRecord::frequencies},
                                                     {"outputs", &NumericRecord::outputs}};
};

// The request of a training call.
struct TrainRecord {
  double rows;    // rows of X
  double epochs;  // epochs to train
  double from;    // each epoch uses positions from .. to of its order
  double to;
  double batch_size;
  double accumulate;  // batches per step
  double optimizer;   // the code of the optimiser
  double steps;       // steps taken before
  double batches;     // batches used before
  double clip_value;  // 0: no clipping
  double clip_norm;   // 0: no clipping
  double key_low;     // for dropout and noise
  double key_high;
  double check;        // check the samples first
  double loss_before;  // the sums of the epoch's earlier steps, if other requests took them
  double hits_before;
  double ranks;  // 0: this process is alone; 1: the group shares each batch; 2: and each rank has rows of its
                 // own

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
                                                   {"check", &TrainRecord::check},
                                                   {"lossBefore", &TrainRecord::loss_before},
                                                   {"hitsBefore", &TrainRecord::hits_before},
                                                   {"ranks", &TrainRecord::ranks}};
};

// The request of a metric: see Comparison and DecisionRule.
struct ComparisonRecord {
  double rows;
  double cols;
  double indices;  // the labels are class indices
  double value;    // the code of the RowValue, for sums
  double classes;
  double threshold;
  double k;
  double epsilon;
  double scale;

  static constexpr Field<ComparisonRecord> kFields[] = {{"rows", &ComparisonRecord::rows},
                                                        {"cols", &ComparisonRecord::cols},
                                                        {"indices", &ComparisonRecord::indices},
                                                        {"value", &ComparisonRecord::value},
                                                        {"classes", &ComparisonRecord::classes},
                                                        {"threshold", &ComparisonRecord::threshold},
                                                        {"k", &ComparisonRecord::k},
                                                        {"epsilon", &ComparisonRecord::epsilon},
                                                        {"scale", &ComparisonRecord::scale}};
};

// The result of an operation: see Outcome and Totals.
struct OutcomeRecord {
  double status;
  double index;
  double epoch;
  double batch;
  double layer;
  double loss;
  double hits;
  double rows;

  static constexpr Field<OutcomeRecord> kFields[] = {
      {"status", &OutcomeRecord::status}, {"index", &OutcomeRecord::index}, {"epoch", &OutcomeRecord::epoch},
      {"batch", &OutcomeRecord::batch},   {"layer", &OutcomeRecord::layer}, {"loss", &OutcomeRecord::loss},
      {"hits", &OutcomeRecord::hits},     {"rows", &OutcomeRecord::rows}};
};

}  // namespace blasnet
