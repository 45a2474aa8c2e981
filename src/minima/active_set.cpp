#include "minima/active_set.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/stop.h"
#include "curvature/symmetric_eigen.h"
#include "minima/kink_line.h"
#include "minima/kink_set.h"
#include "minima/newton.h"
#include "minima/trust_region.h"

namespace basin {
namespace {

using torch::Tensor;

class Search {
 public:
  Search(const Objective& objective,
         const Tensor& theta,
         const Tensor& free,
         const ActiveSetOptions& options)
      : objective_(objective),
        free_(free),
        options_(options),
        table_(site_table(objective)),
        set_(objective, theta, free, options.margin),
        point_(set_.point) {
    value_ = objective.value(theta.unsqueeze(0).contiguous()).item<double>();
    radius_ = 0.1 * (1 + theta.norm().item<double>());
  }

  ActiveSetResult run() {
    ActiveSetResult out;
    for (; out.iterations < options_.max_iterations; ++out.iterations) {
      check_stop();
      if (!step(out)) break;
    }
    if (!out.converged && out.problem.empty()) out.problem = "all iterations were used";
    out.point = point_;
    out.value = value_;
    return out;
  }

 private:
  // One iteration. False: done, or stuck.
  bool step(ActiveSetResult& out) {
    if (set_.drop_forceless()) return true;
    auto system = kink_system(objective_, free_, point_);
    restore_ = Tensor();
    if (!point_.active.empty() && objective_.kink_blocks().size() > 1) {
      restore_ = system.inverse;
    }
    if (!system.hessian.isfinite().all().item<bool>()) {
      out.problem = "the Hessian is not finite";
      return false;
    }
    const auto reduced = at::mv(system.along.t(), system.gradient);
    out.gradient_norm = at::mv(system.along, reduced).abs().max().item<double>();
    const auto scale = site_scale(objective_, arguments_at(objective_, point_.theta));
    const bool on_manifold = point_.active.empty() ||
                             (system.arguments.abs() <=
                              kOnKink * scale.index_select(0, index_of(point_.active)))
                                 .all()
                                 .item<bool>();
    double tolerance = options_.gradient_tolerance;
    if (out.gradient_norm > tolerance && out.gradient_norm < 1e-8) {
      tolerance = std::max(
          tolerance, gradient_floor(*objective_.frozen(point_.slopes), point_.theta));
    }
    const bool critical = out.gradient_norm <= tolerance && on_manifold;
    const double violation = set_.worst_violation(system);
    if (violation > 0 && (critical || out.gradient_norm <= violation)) {
      set_.drop_worst(system);
      return true;
    }
    const auto [values, vectors] = symmetric_eigen(system.hessian);
    const double most = values.numel() > 0 ? values.abs().max().item<double>() : 0;
    const double floor =
        zero_mode_floor(most, out.gradient_norm, options_.zero_tolerance);
    const bool bends_down = values.numel() > 0 && values[0].item<double>() < -floor;
    if (critical && !bends_down) {
      out.converged = true;
      return false;
    }
    if (critical) return escape(at::mv(system.along, vectors.select(1, 0)), out);
    auto trust = TrustStep{.step = at::zeros_like(reduced)};
    if (values.numel() > 0) {
      const auto slope = at::mv(vectors.t(), reduced).abs();
      const auto zero = values.abs() <= floor;
      const auto bent = at::where(zero, at::full_like(values, floor), values);
      trust = exact_trust_step(
          bent, vectors, reduced, zero.logical_and(slope <= tolerance), radius_);
    }
    return advance(
        at::mv(system.along, trust.step) - at::mv(system.inverse, system.arguments),
        trust,
        out.gradient_norm,
        bends_down,
        out);
  }

  Tensor spread(const Tensor& step) const {
    return at::zeros_like(point_.theta).index_add(0, free_, step);
  }

  KinkLine along(const Tensor& d) const {
    return {objective_, point_, free_, restore_, d};
  }

  // Sides of all sites at a new point; those of active sites, and of sites still on
  // their kink, are kept.
  void move_to(const Tensor& theta, double value) {
    const auto z = arguments_at(objective_, theta);
    const auto scale = site_scale(objective_, z);
    auto clear = z.abs() > kOnKink * scale;
    if (!point_.active.empty()) clear.index_fill_(0, index_of(point_.active), false);
    point_.slopes =
        at::where(clear, at::where(z > 0, table_.high, table_.low), point_.slopes);
    point_.theta = theta;
    value_ = value;
  }

  // A step that ends on a kink: is L least there along d, or does it fall on beyond?
  void stop_at_kink(const LineStep& line, const Tensor& d) {
    const auto site = line.site;
    move_to(line.theta, line.value);
    const auto index = at::tensor({site}, torch::kInt64);
    const auto frozen = objective_.frozen(point_.slopes);
    const double inward =
        frozen->argument_gradients(point_.theta, index)[0].dot(d).item<double>();
    // Before the kink z has the sign against which it moves.
    const double low = table_.low[site].item<double>();
    const double high = table_.high[site].item<double>();
    const double before = inward > 0 ? low : high, after = inward > 0 ? high : low;
    auto slopes = point_.slopes.clone();
    slopes[site] = after;
    const double beyond =
        objective_.frozen(slopes)
            ->value_and_gradient(point_.theta.unsqueeze(0).contiguous())
            .gradient[0]
            .dot(d)
            .item<double>();
    point_.slopes = slopes;
    if (beyond > 0 && site != set_.dropped) {
      point_.slopes = point_.slopes.clone();
      point_.slopes[site] = before;
      if (set_.try_to_add(site)) {
        point_.slopes[site] = (low + high) / 2;
        return;
      }
    }
    point_.slopes[site] = beyond > 0 ? before : after;
  }

  bool advance(const Tensor& direction,
               const TrustStep& trust,
               double gradient_norm,
               bool bends_down,
               ActiveSetResult& out) {
    const auto d = spread(direction);
    const auto line = along(d).best(value_);
    const double scale = std::abs(value_) + 1e-3;
    if (line) {
      const double ratio = (value_ - line->value) / std::max(trust.predicted, 1e-300);
      if (trust.predicted > 1e-13 * scale && value_ - line->value > 1e-15 * scale) {
        radius_ = std::max(1e-6, next_radius(radius_, trust, std::max(ratio, 0.3)));
      }
    }
    if (line && value_ - line->value > 1e-15 * scale) {
      if (line->site >= 0) {
        stop_at_kink(*line, d);
      } else {
        move_to(line->theta, line->value);
      }
      set_.dropped = -1;
      return true;
    }
    // Rounding hides the decrease: Newton's own step, if it crosses nothing.
    const auto theta = point_.theta + d;
    const double value =
        objective_.value(theta.unsqueeze(0).contiguous()).item<double>();
    if (!bends_down && std::abs(value - value_) <= 1e-13 * scale && blind_steps_ < 20 &&
        along(d).crossings(0, 1).empty()) {
      ++blind_steps_;
      move_to(theta, value);
      return true;
    }
    if (line) {  // a kink within rounding
      if (line->site >= 0 && blind_steps_ < 20) {
        ++blind_steps_;
        stop_at_kink(*line, d);
        return true;
      }
    }
    const auto kinks = along(d).crossings(0, 1);
    if (!kinks.empty() && blind_steps_ < 20) {
      ++blind_steps_;
      LineStep to{.theta = point_.theta + kinks.front().first * d,
                  .site = kinks.front().second};
      to.value = objective_.value(to.theta.unsqueeze(0).contiguous()).item<double>();
      if (to.value <= value_ + 1e-13 * scale && try_kink(to)) return true;
    }
    radius_ *= 0.25;
    if (radius_ > 1e-9) return true;
    if (set_.drop_farthest()) {
      radius_ = 1e-3;
      return true;
    }
    out.problem = "no step lowers the loss: gradient along the kinks " +
                  std::to_string(gradient_norm);
    return false;
  }

  bool try_kink(const LineStep& to) {
    move_to(to.theta, to.value);
    if (!set_.try_to_add(to.site)) return false;
    point_.slopes = point_.slopes.clone();
    point_.slopes[to.site] =
        (table_.low[to.site].item<double>() + table_.high[to.site].item<double>()) / 2;
    return true;
  }

  bool escape(const Tensor& direction, ActiveSetResult& out) {
    if (++escapes_ > 10) {
      out.problem = "negative curvature along the kinks that no step follows";
      return false;
    }
    std::optional<LineStep> best;
    Tensor along_best;
    for (const double sign : {1.0, -1.0}) {
      const auto d = spread(sign * direction);
      const auto line = along(d).best(value_);
      if (line && (!best || line->value < best->value)) {
        best = line;
        along_best = d;
      }
    }
    if (!best) {
      out.problem = "negative curvature along the kinks, within rounding";
      return false;
    }
    if (best->site >= 0) {
      stop_at_kink(*best, along_best);
    } else {
      move_to(best->theta, best->value);
    }
    return true;
  }

  const Objective& objective_;
  Tensor free_;
  ActiveSetOptions options_;
  SiteTable table_;
  KinkSet set_;
  KinkPoint& point_;  // of set_
  Tensor restore_;
  double value_ = 0;
  double radius_ = 1;
  int blind_steps_ = 0;
  int escapes_ = 0;
};

}  // namespace

ActiveSetResult minimize_active_set(const Objective& objective,
                                    const Tensor& theta,
                                    const Tensor& free,
                                    const ActiveSetOptions& options) {
  return Search(objective, theta, free, options).run();
}

}  // namespace basin
