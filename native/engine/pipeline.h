// A pipeline transforms rows of numbers by steps that have learned from data, or back. It goes through all
// steps with a block of rows, in double, and rounds once, at the end. binding/pipeline.cc makes pipelines;
// their operations run on the operation thread (plan.h) and share blocks with the pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "engine/control.h"
#include "engine/outcome.h"
#include "kernels/losses.h"

namespace blasnet {

// (x - center) / scale + offset, then clipped to low .. high; one center and one scale for each column.
struct ScaleStep {
  std::vector<uint32_t> columns;
  std::vector<double> center;
  std::vector<double> scale;
  double offset = 0;
  bool clip = false;
  double low = 0;
  double high = 0;
};

// Replaces NaN by `fill`, one number for each column. Then appends a column for each of `indicators`: 1 where
// that column was NaN, otherwise 0.
struct FillStep {
  std::vector<uint32_t> columns;
  std::vector<double> fill;
  std::vector<uint32_t> indicators;
};

// Replaces each of these columns by a column of 0 and 1 for each of its categories, which ascend.
struct EncodeStep {
  std::vector<uint32_t> columns;
  std::vector<std::vector<double>> categories;
  bool refuse_unknown = true;  // otherwise an unknown category becomes zeros
};

using PipelineStep = std::variant<ScaleStep, FillStep, EncodeStep>;

// The number of columns after a step.
size_t ColumnsAfter(const PipelineStep& step, size_t columns);

struct Pipeline {
  size_t columns;  // of the input
  std::vector<PipelineStep> steps;

  size_t OutputColumns() const;
};

// X (rows, columns) -> out (rows, output columns). If a step refuses an element, the outcome has the status
// kInputNotFinite or kCategoryUnknown, the step (from 0) as its layer, the index of the element in that
// step's input, and `totals->loss` is the element. Of several, it is the one in the first block of rows.
// `out` then holds a part of the result.
template <typename In, typename Out>
Outcome Transform(const Pipeline& pipeline, const In* x, size_t rows, Out* out, Control& control,
                  Totals* totals);

// X (rows, output columns) -> out (rows, columns), as far as the steps can be undone: a clipped value stays
// clipped, an unknown category becomes NaN. Refuses nothing.
template <typename In, typename Out>
Outcome Invert(const Pipeline& pipeline, const In* x, size_t rows, Out* out, Control& control);

}  // namespace blasnet
