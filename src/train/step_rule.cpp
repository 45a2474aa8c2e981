#include "train/step_rule.h"

#include <cmath>

#include "core/error.h"

namespace basin {
namespace {

template <typename T>
void descend(T rate, const T* g, T* theta, int64_t n) {
  for (int64_t i = 0; i < n; ++i) theta[i] -= rate * g[i];
}

template <typename T>
void momentum_step(
    T rate, T mu, bool nesterov, const T* g, T* velocity, T* theta, int64_t n) {
  const T ahead = nesterov ? mu : T(1);
  const T direct = nesterov ? T(1) : T(0);
  for (int64_t i = 0; i < n; ++i) {
    velocity[i] = mu * velocity[i] + g[i];
    theta[i] -= rate * (direct * g[i] + ahead * velocity[i]);
  }
}

template <typename T>
void adam_step(const TrainOptions& o,
               int64_t step,
               double rate,
               const T* g,
               T* __restrict mean,
               T* __restrict square,
               T* __restrict theta,
               int64_t n) {
  const auto t = static_cast<double>(step + 1);
  const T b1 = static_cast<T>(o.beta1), c1 = static_cast<T>(1 - o.beta1);
  const T b2 = static_cast<T>(o.beta2), c2 = static_cast<T>(1 - o.beta2);
  const T size = static_cast<T>(rate / (1 - std::pow(o.beta1, t)));
  const T root = static_cast<T>(1 / std::sqrt(1 - std::pow(o.beta2, t)));
  const T epsilon = static_cast<T>(o.epsilon);
  const T keep = o.optimizer == Optimizer::kAdamW
                     ? static_cast<T>(1 - rate * o.decoupled_decay)
                     : T(1);
  for (int64_t i = 0; i < n; ++i) {
    mean[i] = b1 * mean[i] + c1 * g[i];
    square[i] = b2 * square[i] + c2 * g[i] * g[i];
    theta[i] =
        keep * theta[i] - size * mean[i] / (std::sqrt(square[i]) * root + epsilon);
  }
}

}  // namespace

template <typename T>
StepState<T> make_step_state(const TrainOptions& options, int64_t parameters) {
  const auto n = static_cast<size_t>(parameters);
  const bool adam =
      options.optimizer == Optimizer::kAdam || options.optimizer == Optimizer::kAdamW;
  return {.first = std::vector<T>(options.optimizer == Optimizer::kSgd ? 0 : n),
          .second = std::vector<T>(adam ? n : 0)};
}

template <typename T>
void take_step(const TrainOptions& options,
               int64_t step,
               double rate,
               const T* gradient,
               StepState<T>& state,
               T* theta,
               int64_t n) {
  const T speed = static_cast<T>(rate);
  const T mu = static_cast<T>(options.momentum);
  auto* first = state.first.data();
  switch (options.optimizer) {
    case Optimizer::kSgd:
      return descend(speed, gradient, theta, n);
    case Optimizer::kMomentum:
      return momentum_step(speed, mu, false, gradient, first, theta, n);
    case Optimizer::kNesterov:
      return momentum_step(speed, mu, true, gradient, first, theta, n);
    case Optimizer::kAdam:
    case Optimizer::kAdamW:
      return adam_step(
          options, step, rate, gradient, first, state.second.data(), theta, n);
    case Optimizer::kLbfgs:
      throw ContractError("take_step: lbfgs is not a first-order rule");
  }
}

template StepState<float> make_step_state<float>(const TrainOptions&, int64_t);
template StepState<double> make_step_state<double>(const TrainOptions&, int64_t);
template void take_step<float>(const TrainOptions&,
                               int64_t,
                               double,
                               const float*,
                               StepState<float>&,
                               float*,
                               int64_t);
template void take_step<double>(const TrainOptions&,
                                int64_t,
                                double,
                                const double*,
                                StepState<double>&,
                                double*,
                                int64_t);

}  // namespace basin
