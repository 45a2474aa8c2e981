#include "train/ensemble.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "core/random.h"
#include "core/stop.h"
#include "train/lbfgs.h"
#include "train/schedule.h"
#include "train/step_rule.h"

namespace basin {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Draws one seed's mini-batches.
class BatchOrder {
 public:
  BatchOrder(uint64_t user_seed, int64_t seed, int64_t samples)
      : random_(user_seed, Stream::kBatchOrder, static_cast<uint64_t>(seed)),
        samples_(samples) {}

  void next(int64_t* index, int64_t count) {
    if (at_ + count > static_cast<int64_t>(order_.size())) {
      order_ = random_.permutation(samples_);
      at_ = 0;
    }
    std::copy_n(order_.begin() + at_, count, index);
    at_ += count;
  }

 private:
  RandomStream random_;
  int64_t samples_;
  int64_t at_ = 0;
  std::vector<int64_t> order_;
};

/// Losses and, if asked for, parameters along the way, `[S, ...]`.
class Record {
 public:
  Record(const TrainOptions& options, int64_t seeds, int64_t parameters)
      : options_(options), at_(curve_steps(options)) {
    curve = at::full({seeds, static_cast<int64_t>(at_.size())}, kNan, torch::kFloat64);
    if (options.trajectory_every > 0) {
      const auto points = options.steps / options.trajectory_every + 1;
      trajectory = at::full({seeds, points, parameters}, kNan, torch::kFloat64);
    }
  }

  template <typename T>
  void keep(int64_t seed, int64_t step, double loss, const T* theta) {
    const auto place = std::lower_bound(at_.begin(), at_.end(), step);
    if (place != at_.end() && *place == step) {
      curve.data_ptr<double>()[seed * curve.size(1) + (place - at_.begin())] = loss;
    }
    if (trajectory.defined() && step % options_.trajectory_every == 0) {
      const auto row = seed * trajectory.size(1) + step / options_.trajectory_every;
      std::copy_n(theta,
                  trajectory.size(2),
                  trajectory.data_ptr<double>() + row * trajectory.size(2));
    }
  }

  /// A seed that stopped early keeps its last loss to the end of its curve.
  void close(int64_t seed, int64_t step, double loss) {
    for (size_t k = 0; k < at_.size(); ++k) {
      if (at_[k] >= step) {
        curve.data_ptr<double>()[seed * curve.size(1) + static_cast<int64_t>(k)] = loss;
      }
    }
  }

  torch::Tensor curve;
  torch::Tensor trajectory;

 private:
  const TrainOptions& options_;
  std::vector<int64_t> at_;
};

template <typename T>
double largest(const T* g, int64_t n) {
  T most = 0;
  for (int64_t i = 0; i < n; ++i) {
    const T size = std::abs(g[i]);
    if (!(size <= most)) most = size;  // NaN stays
  }
  return static_cast<double>(most);
}

/// One seed under way.
template <typename T>
struct Runner {
  int64_t row;  // in the whole chunk
  StepState<T> state;
  BatchOrder order;
  double start_loss = kNan;
  double least = std::numeric_limits<double>::infinity();
  int64_t least_step = 0;

  std::optional<StopReason> verdict(const TrainOptions& o,
                                    int64_t step,
                                    double loss,
                                    double gradient) {
    if (step == 0) start_loss = loss;
    if (!std::isfinite(loss) || !std::isfinite(gradient) ||
        loss > o.divergence_factor * (1 + std::abs(start_loss))) {
      return StopReason::kDiverged;
    }
    if (o.batch == 0 && gradient <= o.gradient_tolerance) return StopReason::kGradient;
    if (loss < least - o.plateau_tolerance * std::abs(loss)) {
      least = loss;
      least_step = step;
    }
    if (o.plateau_steps > 0 && step - least_step >= o.plateau_steps) {
      return StopReason::kPlateau;
    }
    return std::nullopt;
  }
};

torch::Tensor keep_rows(const torch::Tensor& theta, const std::vector<int64_t>& rows) {
  return theta.index_select(0, at::tensor(rows, torch::kInt64));
}

template <typename T>
void train_first_order(const SampledObjective& objective,
                       uint64_t user_seed,
                       const TrainOptions& options,
                       TrainedSeeds& out,
                       Record& record) {
  const auto parameters = out.theta.size(1);
  auto theta = out.theta.to(objective.dtype()).clone();
  std::vector<Runner<T>> active;
  for (int64_t row = 0; row < theta.size(0); ++row) {
    active.push_back(
        {.row = row,
         .state = make_step_state<T>(options, parameters),
         .order = BatchOrder(user_seed, out.first + row, objective.samples())});
  }
  const bool full = options.batch == 0 || options.batch >= objective.samples();
  for (int64_t step = 0; step < options.steps && !active.empty(); ++step) {
    check_stop();
    ValueAndGradient answer;
    if (full) {
      answer = objective.value_and_gradient(theta);
    } else {
      auto index = at::empty({theta.size(0), options.batch}, torch::kInt64);
      for (size_t k = 0; k < active.size(); ++k) {
        active[k].order.next(
            index.data_ptr<int64_t>() + static_cast<int64_t>(k) * options.batch,
            options.batch);
      }
      answer = objective.value_and_gradient_on(theta, index);
    }
    const auto gradient = answer.gradient.contiguous();
    const auto* losses = answer.value.data_ptr<T>();
    const auto rate = learning_rate_at(options, step);
    std::vector<int64_t> going_on;
    for (size_t k = 0; k < active.size(); ++k) {
      auto& seed = active[k];
      const auto at = static_cast<int64_t>(k) * parameters;
      const T* g = gradient.data_ptr<T>() + at;
      T* x = theta.data_ptr<T>() + at;
      const auto loss = static_cast<double>(losses[k]);
      record.keep(seed.row, step, loss, x);
      if (const auto why = seed.verdict(options, step, loss, largest(g, parameters))) {
        out.stop[seed.row] = *why;
        out.steps[seed.row] = step;
        std::copy_n(
            x, parameters, out.theta.data_ptr<double>() + seed.row * parameters);
        record.close(seed.row, step, *why == StopReason::kDiverged ? kNan : loss);
        continue;
      }
      take_step(options, step, rate, g, seed.state, x, parameters);
      going_on.push_back(static_cast<int64_t>(k));
    }
    if (going_on.size() < active.size()) {
      theta = keep_rows(theta, going_on);
      std::vector<Runner<T>> rest;
      for (const auto k : going_on) rest.push_back(std::move(active[k]));
      active = std::move(rest);
    }
  }
  for (size_t k = 0; k < active.size(); ++k) {
    const T* x = theta.data_ptr<T>() + static_cast<int64_t>(k) * parameters;
    std::copy_n(
        x, parameters, out.theta.data_ptr<double>() + active[k].row * parameters);
    out.steps[active[k].row] = options.steps;
  }
}

void train_lbfgs(const Objective& objective,
                 const TrainOptions& options,
                 TrainedSeeds& out,
                 Record& record) {
  const auto start = objective.value(out.theta).to(torch::kFloat64);
  for (int64_t b = 0; b < out.theta.size(0); ++b) {
    record.keep(b,
                0,
                start.data_ptr<double>()[b],
                out.theta.data_ptr<double>() + b * out.theta.size(1));
  }
  const auto result = minimize_lbfgs(
      objective,
      out.theta,
      {.max_iterations = options.steps,
       .gradient_tolerance = options.gradient_tolerance},
      [&](int64_t row, int64_t iteration, double loss, const double* theta) {
        record.keep(row, iteration, loss, theta);
      });
  out.theta = result.theta;
  for (size_t b = 0; b < out.steps.size(); ++b) {
    const auto row = static_cast<int64_t>(b);
    const auto loss = result.value[row].item<double>();
    out.steps[b] = result.iterations[b];
    out.stop[b] = !std::isfinite(loss)                    ? StopReason::kDiverged
                  : result.end[b] == LbfgsEnd::kConverged ? StopReason::kGradient
                  : result.end[b] == LbfgsEnd::kStalled   ? StopReason::kPlateau
                                                          : StopReason::kSteps;
    record.close(row, result.iterations[b], loss);
  }
}

}  // namespace

std::vector<int64_t> curve_steps(const TrainOptions& options) {
  std::vector<int64_t> at;
  const auto points = std::min(options.curve_points, options.steps + 1);
  for (int64_t k = 0; k < points; ++k) {
    at.push_back(points == 1 ? 0 : options.steps * k / (points - 1));
  }
  return at;
}

TrainedSeeds train_seeds(const SampledObjective& objective,
                         const torch::Tensor& initial,
                         int64_t first,
                         uint64_t user_seed,
                         const TrainOptions& options) {
  const auto seeds = initial.size(0);
  TrainedSeeds out{.first = first, .theta = initial.to(torch::kFloat64).clone()};
  out.steps.assign(static_cast<size_t>(seeds), 0);
  out.stop.assign(static_cast<size_t>(seeds), StopReason::kSteps);
  Record record(options, seeds, initial.size(1));
  if (options.optimizer == Optimizer::kLbfgs) {
    train_lbfgs(objective, options, out, record);
  } else if (objective.dtype() == torch::kFloat32) {
    train_first_order<float>(objective, user_seed, options, out, record);
  } else {
    train_first_order<double>(objective, user_seed, options, out, record);
  }
  const auto last = objective.value_and_gradient(out.theta);
  out.loss = last.value.to(torch::kFloat64);
  out.gradient_norm = last.gradient.abs().amax(1).to(torch::kFloat64);
  for (int64_t b = 0; b < seeds; ++b) {
    if (out.stop[static_cast<size_t>(b)] == StopReason::kSteps) {
      record.close(b, options.steps, out.loss[b].item<double>());
    }
  }
  out.curve = record.curve;
  out.trajectory = record.trajectory;
  return out;
}

}  // namespace basin
