// First-order optimisers: each step walks once over a range of the flat parameters, their gradients, and the
// optimiser's states, which it keeps between steps. The states start as zeros. All other numbers of a step
// follow from the options and the step's number. So a run can continue from its parameters, its states and
// that number.
//
// An optimiser has three parts. Its options, named as in lib/optimizers/optimizers.ts, also give its number
// of states. Its constants are the numbers that one step needs, computed in double and rounded once. Its
// formula is a function Step in optimizers.cc. To add an optimiser, write the three parts, and add its
// options and constants to the lists below.
#pragma once

#include <cstddef>
#include <variant>

#include "kernels/record.h"

namespace blasnet {

// Options of all optimisers. The weight decay is added to the gradients; or it shrinks the parameters, if
// `decoupled` is not 0.
struct WeightDecayOptions {
  double weight_decay;
  double decoupled;
};

// The rows for these options in kFields.
#define BLASNET_WEIGHT_DECAY(Options) \
  {"weightDecay", &Options::weight_decay}, { "decoupled", &Options::decoupled }

struct SgdOptions : WeightDecayOptions {
  double momentum;
  double dampening;
  double nesterov;

  static constexpr const char* kName = "sgd";
  static constexpr Field<SgdOptions> kFields[] = {BLASNET_WEIGHT_DECAY(SgdOptions),
                                                  {"momentum", &SgdOptions::momentum},
                                                  {"dampening", &SgdOptions::dampening},
                                                  {"nesterov", &SgdOptions::nesterov}};
  size_t States() const { return momentum != 0; }
};

struct RmsPropOptions : WeightDecayOptions {
  double decay;
  double epsilon;
  double momentum;
  double centered;
  double keras_epsilon;  // epsilon is added inside the root, as in Keras; otherwise outside

  static constexpr const char* kName = "rmsProp";
  static constexpr Field<RmsPropOptions> kFields[] = {
      BLASNET_WEIGHT_DECAY(RmsPropOptions),    {"decay", &RmsPropOptions::decay},
      {"epsilon", &RmsPropOptions::epsilon},   {"momentum", &RmsPropOptions::momentum},
      {"centered", &RmsPropOptions::centered}, {"kerasEpsilon", &RmsPropOptions::keras_epsilon}};
  size_t States() const { return size_t{1} + (centered != 0) + (momentum != 0); }
};

struct AdagradOptions : WeightDecayOptions {
  double initial_accumulator;
  double learning_rate_decay;
  double epsilon;
  double keras_epsilon;

  static constexpr const char* kName = "adagrad";
  static constexpr Field<AdagradOptions> kFields[] = {
      BLASNET_WEIGHT_DECAY(AdagradOptions),
      {"initialAccumulator", &AdagradOptions::initial_accumulator},
      {"learningRateDecay", &AdagradOptions::learning_rate_decay},
      {"epsilon", &AdagradOptions::epsilon},
      {"kerasEpsilon", &AdagradOptions::keras_epsilon}};
  size_t States() const { return 1; }
};

struct AdadeltaOptions : WeightDecayOptions {
  double decay;
  double epsilon;

  static constexpr const char* kName = "adadelta";
  static constexpr Field<AdadeltaOptions> kFields[] = {BLASNET_WEIGHT_DECAY(AdadeltaOptions),
                                                       {"decay", &AdadeltaOptions::decay},
                                                       {"epsilon", &AdadeltaOptions::epsilon}};
  size_t States() const { return 2; }
};

struct AdamOptions : WeightDecayOptions {
  double beta1;
  double beta2;
  double epsilon;
  double amsgrad;
  double keras_epsilon;  // epsilon is added to the root before its bias correction; otherwise after

  static constexpr const char* kName = "adam";
  static constexpr Field<AdamOptions> kFields[] = {
      BLASNET_WEIGHT_DECAY(AdamOptions),  {"beta1", &AdamOptions::beta1},
      {"beta2", &AdamOptions::beta2},     {"epsilon", &AdamOptions::epsilon},
      {"amsgrad", &AdamOptions::amsgrad}, {"kerasEpsilon", &AdamOptions::keras_epsilon}};
  size_t States() const { return size_t{2} + (amsgrad != 0); }
};

struct AdamaxOptions : WeightDecayOptions {
  double beta1;
  double beta2;
  double epsilon;
  double keras_epsilon;  // epsilon is added outside the norm; otherwise inside

  static constexpr const char* kName = "adamax";
  static constexpr Field<AdamaxOptions> kFields[] = {BLASNET_WEIGHT_DECAY(AdamaxOptions),
                                                     {"beta1", &AdamaxOptions::beta1},
                                                     {"beta2", &AdamaxOptions::beta2},
                                                     {"epsilon", &AdamaxOptions::epsilon},
                                                     {"kerasEpsilon", &AdamaxOptions::keras_epsilon}};
  size_t States() const { return 2; }
};

struct NadamOptions : WeightDecayOptions {
  double beta1;
  double beta2;
  double epsilon;
  double momentum_decay;

  static constexpr const char* kName = "nadam";
  static constexpr Field<NadamOptions> kFields[] = {BLASNET_WEIGHT_DECAY(NadamOptions),
                                                    {"beta1", &NadamOptions::beta1},
                                                    {"beta2", &NadamOptions::beta2},
                                                    {"epsilon", &NadamOptions::epsilon},
                                                    {"momentumDecay", &NadamOptions::momentum_decay}};
  size_t States() const { return 2; }
};

struct LionOptions : WeightDecayOptions {
  double beta1;
  double beta2;

  static constexpr const char* kName = "lion";
  static constexpr Field<LionOptions> kFields[] = {
      BLASNET_WEIGHT_DECAY(LionOptions), {"beta1", &LionOptions::beta1}, {"beta2", &LionOptions::beta2}};
  size_t States() const { return 1; }
};

// The formulas. g: the gradients after weight decay; p: the parameters; learning_rate: that of the step; t:
// the number of the step, from 1.

template <typename T>
struct WeightDecayConstants {
  T penalty;  // weight decay that is added to the gradients, or 0
  T shrink;   // 1 - learning_rate * weight decay if decoupled, or 1

  WeightDecayConstants(const WeightDecayOptions& options, double learning_rate);
};

//   without momentum   p -= rate g
//   with momentum      v = momentum v + gradient_share g;  p -= rate v, with Nesterov rate (g + momentum v)
//   states             v, with momentum
template <typename T>
struct SgdConstants : WeightDecayConstants<T> {
  bool has_momentum;
  bool nesterov;
  T rate;
  T momentum;
  T gradient_share;  // 1 - dampening; 1 in the first step

  SgdConstants(const SgdOptions& options, double learning_rate, double t);
};

//   s = decay s + one_minus_decay g^2
//   centred            m = decay m + one_minus_decay g;  c = s - m^2
//   not centred        c = s
//   u = g / (sqrt(c + epsilon_in_root) + epsilon_beside_root)
//   without momentum   p -= rate u
//   with momentum      v = momentum v + u;  p -= rate v
//   states             s; m, if centred; v, with momentum
template <typename T>
struct RmsPropConstants : WeightDecayConstants<T> {
  bool centered;
  bool has_momentum;
  T rate;
  T decay;
  T one_minus_decay;
  T momentum;
  T epsilon_in_root;
  T epsilon_beside_root;

  RmsPropConstants(const RmsPropOptions& options, double learning_rate, double t);
};

//   s += g^2, starting from the initial accumulator
//   p -= rate g / (sqrt(s + epsilon_in_root) + epsilon_beside_root)
//   states: s
template <typename T>
struct AdagradConstants : WeightDecayConstants<T> {
  T rate;     // the learning rate after its decay
  T initial;  // the initial accumulator in the first step, then 0
  T epsilon_in_root;
  T epsilon_beside_root;

  AdagradConstants(const AdagradOptions& options, double learning_rate, double t);
};

//   s = decay s + one_minus_decay g^2;  u = sqrt(a + epsilon) / sqrt(s + epsilon) g
//   a = decay a + one_minus_decay u^2;  p -= rate u
//   states: s, a
template <typename T>
struct AdadeltaConstants : WeightDecayConstants<T> {
  T rate;
  T decay;
  T one_minus_decay;
  T epsilon;

  AdadeltaConstants(const AdadeltaOptions& options, double learning_rate, double t);
};

//   m = beta1 m + one_minus_beta1 g;  s = beta2 s + one_minus_beta2 g^2
//   with AMSGrad       x = max(x, s)
//   without            x = s
//   p -= rate m / (sqrt(x) inverse_root + epsilon)
//   states             m, s; x, with AMSGrad
template <typename T>
struct AdamConstants : WeightDecayConstants<T> {
  bool amsgrad;
  T rate;  // the learning rate / (1 - beta1^t)
  T beta1;
  T one_minus_beta1;
  T beta2;
  T one_minus_beta2;
  T inverse_root;  // 1 / sqrt(1 - beta2^t)
  T epsilon;

  AdamConstants(const AdamOptions& options, double learning_rate, double t);
};

//   m = beta1 m + one_minus_beta1 g;  u = max(beta2 u, |g| + epsilon_in_norm)
//   p -= rate m / (u + epsilon_beside_norm)
//   states: m, u
template <typename T>
struct AdamaxConstants : WeightDecayConstants<T> {
  T rate;  // the learning rate / (1 - beta1^t)
  T beta1;
  T one_minus_beta1;
  T beta2;
  T epsilon_in_norm;
  T epsilon_beside_norm;

  AdamaxConstants(const AdamaxOptions& options, double learning_rate, double t);
};

//   m and s as in Adam;  p -= (mean_rate m + gradient_rate g) / (sqrt(s) inverse_root + epsilon)
//   states: m, s
template <typename T>
struct NadamConstants : WeightDecayConstants<T> {
  T mean_rate;
  T gradient_rate;
  T beta1;
  T one_minus_beta1;
  T beta2;
  T one_minus_beta2;
  T inverse_root;  // 1 / sqrt(1 - beta2^t)
  T epsilon;

  NadamConstants(const NadamOptions& options, double learning_rate, double t);
};

//   p -= rate sign(beta1 m + one_minus_beta1 g);  m = beta2 m + one_minus_beta2 g
//   states: m
template <typename T>
struct LionConstants : WeightDecayConstants<T> {
  T rate;
  T beta1;
  T one_minus_beta1;
  T beta2;
  T one_minus_beta2;

  LionConstants(const LionOptions& options, double learning_rate, double t);
};

using FirstOrderOptions = std::variant<SgdOptions, RmsPropOptions, AdagradOptions, AdadeltaOptions,
                                       AdamOptions, AdamaxOptions, NadamOptions, LionOptions>;

// Must be in the order of FirstOrderOptions.
template <typename T>
using StepConstants =
    std::variant<SgdConstants<T>, RmsPropConstants<T>, AdagradConstants<T>, AdadeltaConstants<T>,
                 AdamConstants<T>, AdamaxConstants<T>, NadamConstants<T>, LionConstants<T>>;

// The number of an optimiser's states: arrays of the parameters' size.
size_t StateCount(const FirstOrderOptions& options);

// The options with their weight decay multiplied by a factor.
FirstOrderOptions WithDecay(const FirstOrderOptions& options, double factor);

// `step` counts from 1.
template <typename T>
StepConstants<T> ConstantsOf(const FirstOrderOptions& options, double learning_rate, size_t step);

// One step for `size` parameters. Their state i starts at states + i * stride.
template <typename T>
void UpdateParameters(const StepConstants<T>& constants, size_t size, T* parameters, const T* gradients,
                      T* states, size_t stride);

// Gradient descent: parameters -= learning_rate * gradients.
template <typename T>
void GradientDescent(T* parameters, const T* gradients, size_t size, T learning_rate);

// sum += part
template <typename T>
void AddTo(T* sum, const T* part, size_t size);

}  // namespace blasnet
