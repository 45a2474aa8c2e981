#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/step_rule.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <hwy/highway.h>

#include <cmath>

#include "train/schedule.h"
#include "train/step_rule.h"

HWY_BEFORE_NAMESPACE();
namespace basin::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Calls step(i, k) for every vector: i is its place in the arrays, k its first lane.
template <class D, typename T, class F>
HWY_INLINE void each_vector(D d, const StepState<T>& state, const F& step) {
  const auto lanes = static_cast<size_t>(state.lanes);
  const auto all = lanes * static_cast<size_t>(state.parameters);
  for (size_t k = 0; k < lanes; k += hn::Lanes(d)) {
    const auto coefficients = step.prepare(k);
    for (size_t i = k; i < all; i += lanes) step(i, coefficients);
  }
}

template <class D, typename T>
struct Descend {
  using V = hn::Vec<D>;
  D d;
  const T* rate;
  const T* g;
  T* theta;
  HWY_INLINE V prepare(size_t k) const { return hn::Load(d, rate + k); }
  HWY_INLINE void operator()(size_t i, V speed) const {
    const V move = hn::Mul(speed, hn::Load(d, g + i));
    hn::Store(hn::Sub(hn::Load(d, theta + i), move), d, theta + i);
  }
};

template <class D, typename T>
struct Momentum {
  using V = hn::Vec<D>;
  D d;
  const T* rate;
  T mu;
  bool nesterov;
  const T* g;
  T* velocity;
  T* theta;
  HWY_INLINE V prepare(size_t k) const { return hn::Load(d, rate + k); }
  HWY_INLINE void operator()(size_t i, V speed) const {
    const V slope = hn::Load(d, g + i), factor = hn::Set(d, mu);
    const V v = hn::Add(hn::Mul(factor, hn::Load(d, velocity + i)), slope);
    hn::Store(v, d, velocity + i);
    const V way = nesterov ? hn::Add(slope, hn::Mul(factor, v)) : v;
    hn::Store(hn::Sub(hn::Load(d, theta + i), hn::Mul(speed, way)), d, theta + i);
  }
};

template <class D, typename T>
struct Adam {
  using V = hn::Vec<D>;
  struct Coefficients {
    V rate, root, keep;
  };
  D d;
  const StepState<T>& state;
  T beta1, rest1, beta2, rest2, epsilon;
  const T* g;
  T* mean;
  T* square;
  T* theta;
  HWY_INLINE Coefficients prepare(size_t k) const {
    return {hn::Load(d, state.rate.data() + k),
            hn::Load(d, state.root.data() + k),
            hn::Load(d, state.keep.data() + k)};
  }
  HWY_INLINE void operator()(size_t i, const Coefficients& c) const {
    const V slope = hn::Load(d, g + i);
    const V m = hn::Add(hn::Mul(hn::Set(d, beta1), hn::Load(d, mean + i)),
                        hn::Mul(hn::Set(d, rest1), slope));
    const V s = hn::Add(hn::Mul(hn::Set(d, beta2), hn::Load(d, square + i)),
                        hn::Mul(hn::Mul(hn::Set(d, rest2), slope), slope));
    hn::Store(m, d, mean + i);
    hn::Store(s, d, square + i);
    const V size = hn::Add(hn::Mul(hn::Sqrt(s), c.root), hn::Set(d, epsilon));
    const V move = hn::Div(hn::Mul(c.rate, m), size);
    const V kept = hn::Mul(c.keep, hn::Load(d, theta + i));
    hn::Store(hn::Sub(kept, move), d, theta + i);
  }
};

template <typename T>
void take(const TrainOptions& o, const T* g, StepState<T>& state, T* theta) {
  const hn::ScalableTag<T> d;
  using D = decltype(d);
  const T* rate = state.rate.data();
  switch (o.optimizer) {
    case Optimizer::kSgd:
      return each_vector(d, state, Descend<D, T>{d, rate, g, theta});
    case Optimizer::kMomentum:
    case Optimizer::kNesterov: {
      const auto mu = static_cast<T>(o.momentum);
      const bool nesterov = o.optimizer == Optimizer::kNesterov;
      return each_vector(
          d,
          state,
          Momentum<D, T>{d, rate, mu, nesterov, g, state.first.data(), theta});
    }
    default:
      return each_vector(d,
                         state,
                         Adam<D, T>{d,
                                    state,
                                    static_cast<T>(o.beta1),
                                    static_cast<T>(1 - o.beta1),
                                    static_cast<T>(o.beta2),
                                    static_cast<T>(1 - o.beta2),
                                    static_cast<T>(o.epsilon),
                                    g,
                                    state.first.data(),
                                    state.second.data(),
                                    theta});
  }
}

template <typename T>
void largest(const T* HWY_RESTRICT g,
             size_t parameters,
             size_t lanes,
             T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  for (size_t k = 0; k < lanes; k += hn::Lanes(d)) {
    auto most = hn::Zero(d);
    for (size_t i = k; i < parameters * lanes; i += lanes) {
      const auto size = hn::Abs(hn::Load(d, g + i));
      const auto stays = hn::Or(hn::Le(size, most), hn::IsNaN(most));
      most = hn::IfThenElse(stays, most, size);
    }
    hn::Store(most, d, out + k);
  }
}

void take_f32(const TrainOptions& o, const float* g, StepState<float>& s, float* x) {
  take(o, g, s, x);
}
void take_f64(const TrainOptions& o, const double* g, StepState<double>& s, double* x) {
  take(o, g, s, x);
}
void largest_f32(const float* g, int64_t p, int64_t lanes, float* out) {
  largest(g, static_cast<size_t>(p), static_cast<size_t>(lanes), out);
}
void largest_f64(const double* g, int64_t p, int64_t lanes, double* out) {
  largest(g, static_cast<size_t>(p), static_cast<size_t>(lanes), out);
}

}  // namespace basin::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace basin {

HWY_EXPORT(take_f32);
HWY_EXPORT(take_f64);
HWY_EXPORT(largest_f32);
HWY_EXPORT(largest_f64);

template <typename T>
StepState<T> make_step_state(const TrainOptions& options,
                             int64_t parameters,
                             int64_t lanes) {
  const auto all = static_cast<size_t>(parameters * lanes);
  const auto each = static_cast<size_t>(lanes);
  const bool adam =
      options.optimizer == Optimizer::kAdam || options.optimizer == Optimizer::kAdamW;
  return {.lanes = lanes,
          .parameters = parameters,
          .first = Buffer<T>(options.optimizer == Optimizer::kSgd ? 0 : all),
          .second = Buffer<T>(adam ? all : 0),
          .rate = Buffer<T>(each),
          .root = Buffer<T>(each),
          .keep = Buffer<T>(each)};
}

template <typename T>
void restart_lane(StepState<T>& state, int64_t lane) {
  for (auto* memory : {&state.first, &state.second}) {
    const auto step = static_cast<size_t>(state.lanes);
    for (auto i = static_cast<size_t>(lane); i < memory->size(); i += step)
      (*memory)[i] = 0;
  }
}

template <typename T>
void prepare_step(const TrainOptions& o,
                  int64_t step,
                  int64_t lane,
                  StepState<T>& state) {
  const auto k = static_cast<size_t>(lane);
  const double rate = learning_rate_at(o, step);
  state.rate[k] = static_cast<T>(rate);
  if (o.optimizer != Optimizer::kAdam && o.optimizer != Optimizer::kAdamW) return;
  const auto t = static_cast<double>(step + 1);
  state.rate[k] = static_cast<T>(rate / (1 - std::pow(o.beta1, t)));
  state.root[k] = static_cast<T>(1 / std::sqrt(1 - std::pow(o.beta2, t)));
  state.keep[k] = o.optimizer == Optimizer::kAdamW
                      ? static_cast<T>(1 - rate * o.decoupled_decay)
                      : T(1);
}

template <>
void take_steps(const TrainOptions& o,
                const float* gradient,
                StepState<float>& state,
                float* theta) {
  HWY_DYNAMIC_DISPATCH(take_f32)(o, gradient, state, theta);
}

template <>
void take_steps(const TrainOptions& o,
                const double* gradient,
                StepState<double>& state,
                double* theta) {
  HWY_DYNAMIC_DISPATCH(take_f64)(o, gradient, state, theta);
}

template <>
void largest_entries(const float* g, int64_t parameters, int64_t lanes, float* out) {
  HWY_DYNAMIC_DISPATCH(largest_f32)(g, parameters, lanes, out);
}

template <>
void largest_entries(const double* g, int64_t parameters, int64_t lanes, double* out) {
  HWY_DYNAMIC_DISPATCH(largest_f64)(g, parameters, lanes, out);
}

template StepState<float> make_step_state(const TrainOptions&, int64_t, int64_t);
template StepState<double> make_step_state(const TrainOptions&, int64_t, int64_t);
template void restart_lane(StepState<float>&, int64_t);
template void restart_lane(StepState<double>&, int64_t);
template void prepare_step(const TrainOptions&, int64_t, int64_t, StepState<float>&);
template void prepare_step(const TrainOptions&, int64_t, int64_t, StepState<double>&);

}  // namespace basin
#endif
