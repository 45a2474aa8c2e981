#include "minima/polish_on_kinks.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/kink_blocks.h"
#include "core/stop.h"
#include "minima/composite_newton.h"
#include "minima/fall_on_kinks.h"
#include "minima/held_kinks.h"
#include "minima/newton.h"
#include "minima/same_sites.h"
#include "minima/zeroed_test.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostRounds = 60;
constexpr int kMostExchanges = 3;         // of slopes by multipliers, then of a search
constexpr double kDependent = 1e-9;       // singular values of rows
constexpr double kGrown[] = {0.3, 0.03};  // lengths of a unit that was at zero
constexpr double kGone = 1e-6;  // of ‖θ‖: a unit that decay has brought to zero

double unit_norm(const ParameterLayout& layout, const Tensor& theta, const UnitId& id) {
  double square = 0;
  for (const auto p : unit_parameters(layout, id)) {
    square += std::pow(theta[p].item<double>(), 2);
  }
  return std::sqrt(square);
}

// Sets units to zero that decay has brought there, or nearly, where that does not raise
// the loss. Whether they stay is asked later.
bool zero_small_units(const MinimaProblem& problem, Tensor& theta) {
  if (problem.decay == 0) return false;
  bool changed = false;
  const double size = theta.norm().item<double>();
  for (size_t g = 0; g < problem.layout.groups.size(); ++g) {
    const auto& group = problem.layout.groups[g];
    if (!group.positive_scaling || group.layers.size() > 1 || group.readers.empty()) {
      continue;
    }
    double most = 0;
    std::vector<double> norms;
    for (int64_t u = 0; u < group.units; ++u) {
      norms.push_back(unit_norm(problem.layout, theta, {g, u}));
      most = std::max(most, norms.back());
    }
    for (int64_t u = 0; u < group.units; ++u) {
      const double norm = norms[static_cast<size_t>(u)];
      const bool gone = norm <= kGone * (1 + size);
      if (norm == 0 || (norm > 0.05 * most && !gone)) continue;
      auto without = theta.clone();
      for (const auto p : unit_parameters(problem.layout, {g, u})) without[p] = 0.0;
      const auto both = problem.objective.value(at::stack({theta, without}));
      if (!(both[1].item<double>() <= both[0].item<double>() + 1e-14)) continue;
      theta = without;
      changed = true;
    }
  }
  return changed;
}

// A unit at zero that can grow is given the length along its step that lowers L most,
// straight or on the kinks.
bool revive_units(const MinimaProblem& problem, const Tensor& along, KinkPoint& point) {
  const auto& objective = problem.objective;
  const double value = objective.value(point.theta.unsqueeze(0)).item<double>();
  const double noise = 16 * value_noise(objective, point.theta);
  auto down = largest_fall(objective, point.theta, value, along);
  if (!(down.fall > noise) && !point.active.empty()) {
    const auto rows = objective.frozen(point.slopes)
                          ->argument_gradients(point.theta, index_of(point.active));
    const auto all = at::arange(point.theta.size(0), torch::kInt64);
    down = largest_fall_on_kinks(
        objective, point, all, at::linalg_pinv(rows, kDependent), along, value);
  }
  if (!(down.fall > noise)) return false;
  point.theta = point.theta + down.step;
  return true;
}

// The kinks of units at zero are not held.
void leave_out(const ParameterLayout& layout,
               const std::vector<KinkBlock>& blocks,
               const std::vector<UnitId>& zeroed,
               std::vector<int64_t>& active) {
  std::erase_if(active, [&](int64_t site) {
    const auto& block = block_of(blocks, site);
    const auto unit = (site - block.offset) / block.samples;
    return is_one_of(layout, zeroed, block.layer, unit);
  });
}

// Where composite Newton has come to rest on kinks that hold with other slopes than its
// own (kinks that read others: its model is not exact there) it goes on with these.
bool take_held_slopes(const MinimaProblem& problem,
                      const std::vector<UnitId>& zeroed,
                      const MinimaOptions& options,
                      KinkPoint& point) {
  const auto free = free_parameters(problem.layout, zeroed);
  const auto place = place_of(problem, point.theta);
  auto held = held_kinks(problem, free, place, options, point.theta);
  if (!held.hold) held = nearly_held_kinks(problem, free, place, point.theta);
  if (!held.hold || held.point.active.empty()) return false;
  point = held.point;
  return true;
}

class PolishOnKinks {
 public:
  PolishOnKinks(const MinimaProblem& problem,
                const Tensor& theta,
                const MinimaOptions& options)
      : problem_(problem),
        options_(options),
        blocks_(problem.objective.kink_blocks()),
        point_{.theta = theta.clone()} {}

  Polished run() {
    zero_small_units(problem_, point_.theta);
    for (int round = 0; round < kMostRounds; ++round) {
      check_stop();
      const auto zeroed = zeroed_at(point_.theta);
      leave_out(problem_.layout, blocks_, zeroed, point_.active);
      bool emptied = false;
      for (int k = 0; !search(point_) && k < kMostExchanges; ++k) {
        emptied = zero_small_units(problem_, point_.theta);
        if (emptied || !take_held_slopes(problem_, zeroed, options_, point_)) break;
      }
      if (emptied || zero_small_units(problem_, point_.theta)) continue;
      if (zeroed.empty()) break;
      const auto test = search_zeroed(problem_, point_, zeroed);
      if (test.silent != Answer::kNo) break;
      if (!revive_units(problem_, test.step, point_) && !search_from(test.step)) break;
    }
    return reached();
  }

  Polished reached() const { return {point_.theta, steps_}; }

  // The unit grown by some length, where that alone lowers nothing: the kinks that it
  // moves have to find their places first.
  bool search_from(const Tensor& along) {
    const auto& objective = problem_.objective;
    const auto value_at = [&](const Tensor& theta) {
      return objective.value(theta.unsqueeze(0)).item<double>();
    };
    const double value = value_at(point_.theta);
    const double noise = 16 * value_noise(objective, point_.theta);
    for (const double length : kGrown) {
      KinkPoint grown{.theta = point_.theta + length * along};
      search(grown);
      if (!(value_at(grown.theta) < value - noise)) continue;
      point_ = grown;
      return true;
    }
    return false;
  }

 private:
  std::vector<UnitId> zeroed_at(const Tensor& theta) const {
    return problem_.decay > 0 ? zeroed_units(problem_.layout, theta)
                              : std::vector<UnitId>{};
  }

  // From the point, units at zero held. Whether it came to a critical one.
  bool search(KinkPoint& point) {
    const auto zeroed = zeroed_at(point.theta);
    const auto found = minimize_composite(
        problem_.objective,
        point,
        free_parameters(problem_.layout, zeroed),
        {.max_iterations = options_.newton_iterations,
         .gradient_tolerance = options_.gradient_tolerance,
         .same_sites =
             [&](const Tensor& z) {
               return same_sites(problem_.layout, blocks_, z, zeroed);
             },
         // A unit on its way to zero goes there slowly.
         .interrupt =
             [&](const Tensor& theta) {
               auto without = theta.clone();
               return zero_small_units(problem_, without);
             }});
    point = found.point;
    steps_ += found.iterations;
    return found.converged;
  }

  const MinimaProblem& problem_;
  const MinimaOptions& options_;
  std::vector<KinkBlock> blocks_;
  KinkPoint point_;
  int64_t steps_ = 0;
};

}  // namespace

Polished polish_on_kinks(const MinimaProblem& problem,
                         const Tensor& theta,
                         const MinimaOptions& options) {
  return PolishOnKinks(problem, theta, options).run();
}

std::optional<Polished> polish_grown(const MinimaProblem& problem,
                                     const Tensor& theta,
                                     const Tensor& along,
                                     const MinimaOptions& options) {
  PolishOnKinks polish(problem, theta, options);
  if (!polish.search_from(along)) return std::nullopt;
  return polish.reached();
}

}  // namespace basin
