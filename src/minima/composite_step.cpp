#include "minima/composite_step.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "curvature/symmetric_eigen.h"
#include "minima/box_problem.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostRounds = 24;       // of adding the kinks that a step reaches
constexpr int64_t kLeastRound = 32;   // how many at most in one, or F / 8
constexpr double kProbe = 1e-5;       // of a step, for dz
constexpr double kLeastShift = 1e-8;  // of the largest diagonal entry of H
constexpr double kNearBefore = 1e-8;  // of the mean diagonal entry
constexpr double kFirm = 1e-11;       // a pivot that is no zero mode
constexpr double kStiffest = 1e4;

// The factor of B = H + τ I + ρ J_Aᵀ J_A. The last term makes B positive definite where
// H is so only along the kinks, if ρ is large enough; what it adds to the gradient is
// in `gradient`.
struct Factor {
  Tensor lower;     // [F, F]
  Tensor gradient;  // g + ρ J_Aᵀ z_A, [F]
};

// Undefined if a pivot is not firm.
Tensor firm_factor(const Tensor& matrix, double most) {
  const auto [lower, failed] = at::linalg_cholesky_ex(matrix);
  const bool firm = failed.item<int>() == 0 &&
                    lower.diagonal().min().item<double>() > std::sqrt(kFirm * most);
  return firm ? lower : Tensor();
}

Factor factorise(const CompositeModel& model, ModelShift& shift) {
  const bool held = model.held.size(0) > 0;
  const double size = held ? model.held_rows.square().sum(1).mean().item<double>() : 1;
  const double first = 1 / std::max(1e-300, size);
  const auto bent = held ? at::mm(model.held_rows.t(), model.held_rows) : Tensor();
  const auto with = [&](double weight) {
    return held ? at::add(model.hessian, bent, weight) : model.hessian.clone();
  };
  auto base = with(shift.stiffness * first);
  const auto diagonal = model.hessian.diagonal();
  const double most = (held ? at::add(diagonal, bent.diagonal(), first) : diagonal)
                          .abs()
                          .max()
                          .item<double>();
  for (int k = 0; k < 60; ++k) {
    auto shifted = base.clone();
    shifted.diagonal().add_(shift.damping);
    const auto lower = firm_factor(shifted, most);
    if (lower.defined()) {
      Factor out{lower, model.gradient};
      if (held) {
        const auto z = model.argument.index_select(0, model.held);
        out.gradient =
            out.gradient + shift.stiffness * first * at::mv(model.held_rows.t(), z);
      }
      return out;
    }
    if (held && shift.stiffness < kStiffest) {
      shift.stiffness *= kStiffer;
      base = with(shift.stiffness * first);
    } else {
      shift.damping = std::max(4 * shift.damping, kLeastShift * most);
    }
  }
  throw NumericError("the Hessian of the frozen loss could not be shifted");
}

Tensor solve_lower(const Tensor& lower, const Tensor& columns) {
  return at::linalg_solve_triangular(lower, columns, /*upper=*/false);
}

Tensor solve_upper(const Tensor& lower, const Tensor& x) {
  return at::linalg_solve_triangular(lower.t(), x.unsqueeze(1), /*upper=*/true)
      .squeeze(1);
}

// The shortest y with G y = x, G `[A, A]` of rows that may depend on each other:
// eigenvalues below `cut` of the largest are zero.
Tensor solve_gram(const Tensor& gram, const Tensor& x, double cut) {
  const auto [values, vectors] = symmetric_eigen(gram);
  const auto kept = (values > cut * values[-1].item<double>()).nonzero().squeeze(1);
  const auto basis = vectors.index_select(1, kept);
  return at::mv(basis, at::mv(basis.t(), x) / values.index_select(0, kept));
}

// The kinks that are part of the problem, as they are found.
struct Candidates {
  std::vector<int64_t> sites;
  Tensor rows;    // J, [K, F]
  Tensor solved;  // B^-1/2 Jᵀ, [F, K]
  Tensor gram;    // J B⁻¹ Jᵀ, [K, K]
};

void add_candidates(const std::vector<int64_t>& sites,
                    const Tensor& rows,
                    const Factor& factor,
                    Candidates& to) {
  const auto solved = solve_lower(factor.lower, rows.t());
  to.rows = to.sites.empty() ? rows : at::cat({to.rows, rows});
  const auto own = at::mm(solved.t(), solved);
  if (to.sites.empty()) {
    to.gram = own;
    to.solved = solved;
  } else {
    const auto between = at::mm(to.solved.t(), solved);
    to.gram = at::cat({at::cat({to.gram, between}, 1), at::cat({between.t(), own}, 1)});
    to.solved = at::cat({to.solved, solved}, 1);
  }
  to.sites.insert(to.sites.end(), sites.begin(), sites.end());
}

// Sites not among the candidates whose z the step carries through 0 and whose kink is
// convex, at most `room`: those that it reaches first. Once they are in the problem the
// step is shorter, and most of the others are not reached.
std::vector<int64_t> reached(const Tensor& free,
                             const CompositeModel& model,
                             const Candidates& known,
                             const Tensor& step,
                             int64_t room) {
  const auto& theta = model.point.theta;
  const auto full = at::zeros_like(theta).index_add(0, free, kProbe * step);
  const auto probes = model.frozen->arguments(at::stack({theta + full, theta - full}));
  const auto moved = model.argument + (probes[0] - probes[1]) / (2 * kProbe);
  auto crossed = at::logical_and((model.argument > 0) != (moved > 0), model.force > 0);
  if (!known.sites.empty()) crossed.index_fill_(0, index_of(known.sites), false);
  auto sites = crossed.nonzero().squeeze(1);
  if (sites.size(0) > room) {
    const auto z = model.argument.index_select(0, sites);
    const auto order = (z / (z - moved.index_select(0, sites))).argsort();
    sites = sites.index_select(0, order.narrow(0, 0, std::max<int64_t>(0, room)));
  }
  return sites_of(sites);
}

double predicted_fall(const CompositeModel& model,
                      const Tensor& step,
                      const Tensor& rows,
                      const Tensor& weight,
                      const Tensor& share,
                      const Tensor& z) {
  const auto quadratic = model.gradient + 0.5 * at::mv(model.hessian, step);
  double rise = quadratic.dot(step).item<double>();
  if (z.size(0) > 0) {
    const auto dz = at::mv(rows, step);
    rise += (weight * ((z + dz).clamp_min(0) - z.clamp_min(0) - share * dz))
                .sum()
                .item<double>();
  }
  return -rise;
}

}  // namespace

CompositeModel composite_model(const Objective& objective,
                               const Tensor& free,
                               const SameSites& same,
                               const KinkPoint& point) {
  CompositeModel out{.point = point};
  out.frozen = objective.frozen(point.slopes);
  out.gradient = out.frozen->value_and_gradient(point.theta.unsqueeze(0).contiguous())
                     .gradient.squeeze(0)
                     .index_select(0, free);
  out.force = added_up(out.frozen->sensitivities(point.theta), same);
  out.argument = arguments_at(objective, point.theta);
  return out;
}

void fill_hessian(const Tensor& free, CompositeModel& model) {
  const auto& theta = model.point.theta;
  model.hessian = model.frozen->hessian(theta.unsqueeze(0).contiguous())
                      .squeeze(0)
                      .index_select(0, free)
                      .index_select(1, free);
  model.held = index_of(model.point.active);
  model.held_rows =
      model.frozen->argument_gradients(theta, model.held).index_select(1, free);
}

CompositeStep composite_step(const SiteTable& table,
                             const Tensor& free,
                             const CompositeModel& model,
                             ModelShift& shift) {
  const double asked = shift.damping;
  const auto factor = factorise(model, shift);
  const auto start = solve_lower(factor.lower, factor.gradient.unsqueeze(1)).squeeze(1);
  Candidates known;
  // Concave kinks are never held.
  const auto convex =
      (model.force.index_select(0, model.held) > 0).nonzero().squeeze(1);
  if (convex.size(0) > 0) {
    add_candidates(sites_of(model.held.index_select(0, convex)),
                   model.held_rows.index_select(0, convex),
                   factor,
                   known);
  }
  const auto most = 2 * free.size(0) + 200;
  const auto each = std::max(kLeastRound, free.size(0) / 8);
  Tensor share, weight, z, step;
  auto a = at::empty({0}, torch::kFloat64);
  for (int round = 0;; ++round) {
    auto right = start;
    const bool any = !known.sites.empty();
    if (any) {
      const auto sites = index_of(known.sites);
      share = shares_of(table, sites, model.point.slopes.index_select(0, sites));
      weight = model.force.index_select(0, sites) * widths_of(table, sites);
      z = model.argument.index_select(0, sites);
      right = start - at::mv(known.solved, weight * share);  // B^-1/2 g0
      const auto linear = weight * (at::mv(known.solved.t(), right) - z);
      const auto first =
          at::cat({a, share.narrow(0, a.size(0), share.size(0) - a.size(0))});
      // Where rows depend on each other many slopes serve: the nearest to those before.
      auto gram = known.gram * at::outer(weight, weight);
      const double near = kNearBefore * gram.diagonal().mean().item<double>();
      gram.diagonal().add_(near);
      a = solve_box_problem(gram, linear - near * share, first);
      right = right + at::mv(known.solved, weight * a);
    } else {
      share = weight = z = at::empty({0}, torch::kFloat64);
      known.rows = at::empty({0, free.size(0)}, torch::kFloat64);
    }
    step = -solve_upper(factor.lower, right);
    if (round == kMostRounds) break;
    const auto room = std::min(each, most - static_cast<int64_t>(known.sites.size()));
    const auto more = reached(free, model, known, step, room);
    if (more.empty()) break;
    const auto rows =
        model.frozen->argument_gradients(model.point.theta, index_of(more))
            .index_select(1, free);
    add_candidates(more, rows, factor, known);
  }
  CompositeStep out{.step = step, .raised = shift.damping != asked};
  out.predicted = predicted_fall(model, step, known.rows, weight, share, z);
  const auto inside = at::logical_and(a > 0, a < 1).nonzero().squeeze(1);
  out.sites = sites_of(index_of(known.sites).index_select(0, inside));
  out.shares = a.index_select(0, inside);
  out.tried = known.sites;
  out.tried_shares = a;
  out.rows = known.rows.index_select(0, inside);
  return out;
}

CompositeStep kink_newton_step(const SiteTable& table,
                               const CompositeModel& model,
                               double stiffness) {
  // Where L is linear and nothing is held there is no step to take.
  if (model.held.size(0) == 0 && !(model.hessian != 0).any().item<bool>()) return {};
  ModelShift shift{.damping = 0, .stiffness = stiffness};
  const auto factor = factorise(model, shift);
  const auto z = model.argument.index_select(0, model.held);
  auto right = solve_lower(factor.lower, factor.gradient.unsqueeze(1)).squeeze(1);
  CompositeStep out{.sites = model.point.active, .rows = model.held_rows};
  if (model.held.size(0) > 0) {
    // S y = z − J x, S = J B⁻¹ Jᵀ, its rows scaled.
    const auto weight =
        model.force.index_select(0, model.held) * widths_of(table, model.held);
    if (!(weight.min().item<double>() > 0)) return {};
    const auto solved = solve_lower(factor.lower, model.held_rows.t());
    const auto size = solved.norm(2, {0}).clamp_min(1e-300);
    const auto unit = solved / size;
    const auto need = (z - at::mv(solved.t(), right)) / size;
    const auto y = solve_gram(at::mm(unit.t(), unit), need, 1e-13) / size;
    right = right + at::mv(solved, y);
    const auto slopes = model.point.slopes.index_select(0, model.held);
    out.shares = shares_of(table, model.held, slopes) + y / weight;
    const bool inside =
        at::logical_and(out.shares > 0, out.shares < 1).all().item<bool>();
    if (!inside) return {};
  }
  out.step = -solve_upper(factor.lower, right);
  return out;
}

Tensor shortest_correction(const Tensor& rows, const Tensor& z) {
  const auto size = rows.norm(2, {1}).clamp_min(1e-300);
  const auto unit = rows / size.unsqueeze(1);
  const auto y = solve_gram(at::mm(unit, unit.t()), z / size, 1e-12);
  return -at::mv(unit.t(), y);
}

}  // namespace basin
