#include "train/ensemble.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "train/first_order.h"
#include "train/lbfgs.h"

namespace basin {
namespace {

void train_lbfgs(const Objective& objective,
                 const TrainOptions& options,
                 TrainedSeeds& out,
                 Record& record) {
  const auto start = objective.value(out.theta).to(torch::kFloat64);
  for (int64_t b = 0; b < out.theta.size(0); ++b) {
    record.keep(b,
                0,
                start.data_ptr<double>()[b],
                out.theta.data_ptr<double>() + b * out.theta.size(1),
                1);
  }
  const auto result = minimize_lbfgs(
      objective,
      out.theta,
      {.max_iterations = options.steps,
       .gradient_tolerance = options.gradient_tolerance},
      [&](int64_t row, int64_t iteration, double loss, const double* theta) {
        record.keep(row, iteration, loss, theta, 1);
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
  } else {
    train_first_order(objective, user_seed, options, out, record);
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
