// One dense layer, forward and backward, for samples in rows (Network) or in columns (the article):
//
//            samples in rows                samples in columns
//   X        (m, in)                        (in, m)
//   W  b     (out, in)  (out)               (out, in)  (out)
//   Z        (m, out) = X W^T + b           (out, m) = W X + b
//   dW       (out, in) = alpha dZ^T X       (out, in) = alpha dZ X^T
//   db       (out) = alpha sum of dZ over the samples
//   dX       (m, in) = dZ W                 (in, m) = W^T dZ
#pragma once

#include "kernels/types.h"

namespace blasnet {

template <typename T>
void LayerForward(SampleAxis axis, LayerShape shape, const T* x, const T* w, const T* b, T* z);

template <typename T>
void LayerGradients(SampleAxis axis, LayerShape shape, T alpha, const T* dz, const T* x, T* dw, T* db);

template <typename T>
void LayerInputGradient(SampleAxis axis, LayerShape shape, const T* dz, const T* w, T* dx);

}  // namespace blasnet
