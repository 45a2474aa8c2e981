#include "cli/estimate.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "core/parallel.h"
#include "core/progress.h"
#include "model/initialize.h"
#include "report/text.h"

namespace basin {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

// Seconds that a gradient of one seed takes while every thread is at work; of one
// mini-batch if `batch` is not 0.
double seconds_per_gradient(const Session& s,
                            const SampledObjective& objective,
                            int64_t batch) {
  const auto rows = std::min<int64_t>(objective.preferred_rows(), s.spec.seeds);
  const auto theta = initial_parameters(s.network, 1, 0, rows).to(objective.dtype());
  const auto index = at::zeros({rows, std::max<int64_t>(batch, 1)}, torch::kInt64);
  const auto evaluate = [&](int64_t) {
    if (batch > 0) {
      objective.value_and_gradient_on(theta, index);
    } else {
      objective.value_and_gradient(theta);
    }
  };
  parallel_for(s.threads, s.threads, evaluate);
  const int64_t rounds = 4 * s.threads;
  const double seconds = seconds_of([&] { parallel_for(rounds, s.threads, evaluate); });
  return seconds * static_cast<double>(s.threads) / static_cast<double>(rounds * rows);
}

/// Work of one stage, in gradients of one seed.
struct Estimate {
  double gradients;
  double gflop;
  double seconds;
};

Estimate training_estimate(const Session& s) {
  const auto batch = std::min(s.spec.train.batch, s.data.train.samples());
  const double steps = static_cast<double>(s.spec.seeds * s.spec.train.steps);
  const double samples =
      static_cast<double>(batch > 0 ? batch : s.data.train.samples());
  return {steps,
          steps * 6 * samples * static_cast<double>(s.network.layout.dimension) / 1e9,
          steps * seconds_per_gradient(s, *s.training, batch) /
              static_cast<double>(s.threads)};
}

// L-BFGS with a fifth of its line searches taking a second point, then the spectrum:
// a Hessian product costs about four gradients.
Estimate polishing_estimate(const Session& s, double one) {
  const auto p = s.network.layout.dimension;
  const auto& m = s.spec.minima;
  const double products = static_cast<double>(
      (p <= m.dense_limit ? p : m.lanczos_steps) + (p <= m.newton_limit ? 5 * p : 0));
  const double gradients =
      static_cast<double>(s.spec.seeds) *
      (1.2 * static_cast<double>(m.polish_iterations) + 4 * products);
  return {gradients,
          gradients * 6 * static_cast<double>(s.data.train.samples() * p) / 1e9,
          gradients * one / static_cast<double>(s.threads)};
}

}  // namespace

void print_estimate(const Spec& spec, const Settings& settings) {
  const Session s(spec, settings);
  const auto p = static_cast<double>(s.network.layout.dimension);
  int64_t points = 0;
  for (const auto& slice : spec.landscape) {
    const auto rows = slice.kind == SliceKind::kPlane ? slice.points : 1;
    points += slice.repeats * (slice.points * rows + slice.curvature * slice.curvature);
  }
  const double one = seconds_per_gradient(s, *s.analysis, 0);
  const auto train = training_estimate(s);
  const auto polish = polishing_estimate(s, one);
  const double kept =
      spec.train.trajectory_every > 0
          ? static_cast<double>(spec.train.steps / spec.train.trajectory_every)
          : 0;
  const double stored = 8 * static_cast<double>(spec.seeds) *
                        (p * (2 + kept) + static_cast<double>(spec.train.curve_points));
  double activations = 0;
  for (const auto& layer : s.network.layout.layers) {
    activations += static_cast<double>(8 * layer.rows * s.data.train.samples());
  }
  const auto rows = static_cast<double>(s.threads * s.training->preferred_rows());
  const double memory = 200e6 + 2 * stored + rows * (6 * activations + 64 * p);
  fmt::print("{}: valid\n", spec.name);
  fmt::print("  network     {} ({} parameters), {} samples, {} seeds\n",
             s.layers(),
             show(s.network.layout.dimension),
             show(s.data.train.samples()),
             show(spec.seeds));
  fmt::print("  training    {} GFLOP, about {} if no seed stops early\n",
             show(train.gflop, 3),
             format_duration(train.seconds));
  fmt::print("  polishing   {} GFLOP, about {} if no seed stops early\n",
             show(polish.gflop, 3),
             format_duration(polish.seconds));
  fmt::print("  slices      {} points, about {}\n",
             show(points),
             format_duration(static_cast<double>(points) * one /
                             static_cast<double>(s.threads)));
  if (const auto& c = spec.connectivity; c.minima > 0) {
    // A band relaxes its images, some fifty Hessians of P products lead to each saddle;
    // for small networks the steps between evaluations cost more than these.
    const double dense =
        p <= static_cast<double>(spec.minima.dense_limit) ? 50 * 4 * p : 0;
    const double evaluations =
        static_cast<double>(c.images * c.iterations) + 3 * dense + 1000;
    const double attempt =
        evaluations * one + 0.05 + 2e-4 * static_cast<double>(c.iterations);
    const auto attempts = static_cast<double>(c.minima - 1 + c.extra);
    fmt::print("  passes      {} attempts or more, about {}\n",
               show(static_cast<int64_t>(attempts)),
               format_duration(attempts * attempt / static_cast<double>(s.threads)));
  }
  fmt::print("  memory      about {} MB; results about {} MB\n",
             show(memory / 1e6, 3),
             show(stored / 1e6, 3));
  fmt::print("  run         {}\n", (settings.root / s.id).string());
}

}  // namespace basin
