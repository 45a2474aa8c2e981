#pragma once

#include <cstdint>

namespace basin {

enum class Optimizer { kSgd, kMomentum, kNesterov, kAdam, kAdamW, kLbfgs };
enum class Schedule { kConstant, kStep, kCosine };

/// How the seeds of an ensemble are trained.
struct TrainOptions {
  Optimizer optimizer = Optimizer::kAdam;
  double learning_rate = 0.01;
  double momentum = 0.9;          ///< momentum, nesterov
  double beta1 = 0.9;             ///< adam, adamw
  double beta2 = 0.999;           ///< adam, adamw
  double epsilon = 1e-8;          ///< adam, adamw
  double decoupled_decay = 0.01;  ///< adamw: θ ← θ − lr · decay · θ; not part of L
  int64_t steps = 1000;           ///< at most
  int64_t batch = 0;              ///< samples in a mini-batch; 0: all
  Schedule schedule = Schedule::kConstant;
  int64_t warmup = 0;        ///< steps over which the rate rises linearly from 0
  int64_t step_every = 500;  ///< step: the rate is multiplied by step_factor so often
  double step_factor = 0.5;
  double final_fraction = 0.01;  ///< cosine: last rate / first rate

  /// A seed stops when ‖g‖∞ <= gradient_tolerance (full batch only; 0: never).
  double gradient_tolerance = 0.0;

  /// A seed stops when, over plateau_steps steps, the least loss fell by no more than
  /// plateau_tolerance * |least loss| (plateau_steps 0: never).
  int64_t plateau_steps = 0;
  double plateau_tolerance = 1e-6;

  /// A seed has diverged when its loss is not finite, or
  ///
  ///   L > divergence_factor * (1 + |L at the start|)
  ///
  double divergence_factor = 1e6;

  int64_t curve_points = 100;    ///< losses kept of each seed
  int64_t trajectory_every = 0;  ///< keep θ every so many steps; 0: never
};

/// Why a seed stopped training.
enum class StopReason {
  kSteps,     ///< all steps were taken
  kGradient,  ///< the gradient is below its tolerance
  kPlateau,   ///< the loss fell no more
  kDiverged,  ///< the loss is no number, or huge
};

}  // namespace basin
