// What happens between the gradients of a batch and the next one: the lanes' sum, penalties, clipping, the
// optimiser's step, and limits on the weights. Parameters are cut into stretches by the layers' sizes alone,
// so that the number of threads changes no bit.
#pragma once

#include <functional>
#include <vector>

#include "engine/layers.h"

namespace blasnet {

// Bounds of the gradients, after the penalties; 0: none.
struct Clipping {
  double value = 0;  // of each element
  double norm = 0;   // Euclidean, of all together
};

template <typename T>
class Update {
 public:
  // Both must outlive this.
  Update(const std::vector<Layer>& layers, T* parameters);

  // Of the weights as they are, but for frozen ones: see AddPenalty.
  double Penalty() const;

  // Sums the first `count` lanes into lanes[0] and makes of it the gradient to step along; calls step(from,
  // size) for every stretch of parameters, on several threads. Frozen parameters are in none. Returns the
  // penalty of the weights before.
  double Run(std::vector<std::vector<T>>& lanes, size_t count, size_t threads, const Clipping& clipping,
             const std::function<void(size_t from, size_t size)>& step);

  // Zeros for the frozen parameters, of values that are laid out as the parameters are.
  void ClearFrozen(T* values) const;

  // After a step: weights of a unit that have grown beyond their layer's limit.
  void LimitNorms(size_t threads);

 private:
  // Some parameters of equal rules.
  struct Stretch {
    size_t from;
    size_t size;
    T l1;
    T l2;
  };

  void AddStretches(size_t from, size_t to, double l1, double l2);
  // On so many threads at most, if they are worth it; an element of a lane, of the parameters or of the state
  // takes the time of some four operations in a product.
  void ForEachStretch(size_t lanes, size_t threads, const std::function<void(size_t)>& body) const;

  const std::vector<Layer>& layers_;
  T* const parameters_;
  size_t trainable_count_ = 0;
  std::vector<Stretch> stretches_;
  std::vector<double> penalties_;  // one a stretch
  std::vector<double> squares_;
};

}  // namespace blasnet
