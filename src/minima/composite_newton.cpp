#include "minima/composite_newton.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/stop.h"
#include "minima/composite_step.h"
#include "minima/fall_on_kinks.h"
#include "minima/newton.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kNearGradient = 3e-8;  // Newton on the kinks from here
constexpr double kNearKink = 1e-5;
constexpr double kEnough = 0.05;  // of the predicted fall
constexpr int kMostTrials = 30;
constexpr double kFirstDamping = 1e-5;
constexpr int kTrialsOfModel = 8;  // before its slopes are taken without its step
constexpr int kMostNulls = 40;
constexpr int kMostAlike = 3;     // of these that change nothing
constexpr double kAtKink = 1e-9;  // either side serves
constexpr int kMostLeaves = 20;   // of concave kinks
constexpr int kMostBlind = 6;     // steps whose fall rounding hides
constexpr int64_t kAskedEvery = 10;
constexpr int kPatience = 5;     // slow steps before curvature is asked
constexpr double kSeen = 1e-13;  // of L: a fall
constexpr int kMostLast = 3;     // of Newton, after the gradient has vanished

class CompositeSearch {
 public:
  CompositeSearch(const Objective& objective,
                  const KinkPoint& start,
                  const Tensor& free,
                  const CompositeOptions& options)
      : objective_(objective),
        free_(free),
        options_(options),
        table_(site_table(objective)),
        point_{.theta = start.theta, .active = start.active},
        value_(loss_at(start.theta)) {
    take_sides(start.slopes);
  }

  CompositeResult run() {
    CompositeResult out;
    for (; out.iterations < options_.max_iterations; ++out.iterations) {
      check_stop();
      if (out.iterations % kAskedEvery == kAskedEvery - 1 && options_.interrupt &&
          options_.interrupt(point_.theta)) {
        out.problem = "interrupted";
        break;
      }
      if (!step(out)) break;
    }
    if (!out.converged && out.problem.empty()) out.problem = "all iterations were used";
    out.point = point_;
    out.value = value_;
    return out;
  }

 private:
  double loss_at(const Tensor& theta) const {
    return objective_.value(theta.unsqueeze(0).contiguous()).item<double>();
  }

  void find_same() {
    if (!options_.same_sites) return;
    same_ = options_.same_sites(arguments_at(objective_, point_.theta));
  }

  Tensor moved(const Tensor& step) const {
    return point_.theta.index_add(0, free_, step);
  }

  // Largest |z| of the held sites, relative to their blocks.
  double off_kinks(const CompositeModel& model) const {
    if (point_.active.empty()) return 0;
    const auto sites = index_of(point_.active);
    const auto scale = site_scale(objective_, model.argument);
    return (model.argument / scale).index_select(0, sites).abs().max().item<double>();
  }

  // One iteration. False: done, or stuck.
  bool step(CompositeResult& out) {
    auto model = composite_model(objective_, free_, same_, point_);
    out.gradient_norm = model.gradient.abs().max().item<double>();
    if (!std::isfinite(out.gradient_norm)) {
      out.problem = "the gradient is not finite";
      return false;
    }
    const double off = off_kinks(model);
    double tolerance = options_.gradient_tolerance;
    if (out.gradient_norm > tolerance && out.gradient_norm < 1e-8) {
      tolerance = std::max(tolerance, gradient_floor(*model.frozen, point_.theta));
    }
    if (out.gradient_norm <= tolerance && off <= kOnKink) {
      if (leaves_++ < kMostLeaves && leave_concave(model)) return true;
      // A small gradient may still be far away where curvature is small: the verdict
      // asks for a next step that is short.
      if (last_steps_-- > 0) {
        fill_hessian(free_, model);
        if (newton_on_kinks(model, out.gradient_norm, off)) return true;
      }
      out.converged = true;
      return false;
    }
    fill_hessian(free_, model);
    const bool near = out.gradient_norm <= kNearGradient && off <= kNearKink;
    if (near && newton_on_kinks(model, out.gradient_norm, off)) return true;
    slow_ = near ? slow_ + 1 : 0;
    if (slow_ == patience_ && bend_down(model)) return true;
    return composite(model, out);
  }

  // On a concave kink that the slope of one side makes stationary, that of the other
  // side falls.
  bool leave_concave(const CompositeModel& model) {
    const auto near =
        model.argument.abs() <= kAtKink * site_scale(objective_, model.argument);
    const auto worst = at::where(near, model.force, at::zeros_like(model.force));
    const auto site = worst.argmin().item<int64_t>();
    if (!(worst[site].item<double>() < 0)) return false;
    const auto& active = point_.active;
    if (std::find(active.begin(), active.end(), site) != active.end()) return false;
    const bool low =
        point_.slopes[site].item<double>() == table_.low[site].item<double>();
    point_.slopes[site] = low ? table_.high[site] : table_.low[site];
    point_.slopes = spread_out(point_.slopes, same_);
    return true;
  }

  // Takes Newton's step if it brings the equations nearer to their solution.
  bool newton_on_kinks(const CompositeModel& model, double gradient, double off) {
    const auto found = kink_newton_step(table_, model, shift_.stiffness);
    if (!found.step.defined()) return false;
    const auto before = point_;
    const double value = value_;
    const auto theta = moved(found.step);
    hold(found, theta, loss_at(theta));
    const auto next = composite_model(objective_, free_, same_, point_);
    const double left = next.gradient.abs().max().item<double>();
    const bool nearer = (left <= 0.5 * gradient || off_kinks(next) <= 0.5 * off) &&
                        left <= std::max(2 * gradient, 1e-10) &&
                        value_ <= value + 1e-9 * (1 + value);
    if (nearer) return true;
    point_ = before;
    value_ = value;
    return false;
  }

  // Near a critical point that L falls from along the kinks damped steps get nowhere:
  // it is left along the direction of least curvature.
  bool bend_down(const CompositeModel& model) {
    slow_ = 0;
    patience_ *= 2;
    const auto down = fall_where_bent(
        objective_, point_, free_, model.held_rows, model.hessian, value_);
    if (!(down.fall > kSeen * (std::abs(value_) + 1e-3))) return false;
    point_.theta = point_.theta + down.step;
    value_ -= down.fall;
    take_sides(point_.slopes.clone());
    shift_ = {.damping = kFirstDamping};
    patience_ = kPatience;
    return true;
  }

  // The sites of the point keep these slopes `[M]`, all others take that of the side of
  // their z.
  void take_sides(const Tensor& slopes) {
    point_.slopes = side_slopes(objective_, point_.theta);
    if (!point_.active.empty()) {
      const auto sites = index_of(point_.active);
      point_.slopes.index_copy_(0, sites, slopes.index_select(0, sites));
    }
    find_same();
    point_.slopes = spread_out(point_.slopes, same_);
    point_.active = first_of_each(point_.active, same_);
  }

  // θ moves, the sites of the step are held.
  void hold(const CompositeStep& step, const Tensor& theta, double value) {
    point_.theta = theta;
    point_.active = step.sites;
    auto slopes = point_.slopes;
    if (!step.sites.empty()) {
      const auto sites = index_of(step.sites);
      slopes = slopes.index_copy(0, sites, slopes_of(table_, sites, step.shares));
    }
    take_sides(slopes);
    value_ = value;
  }

  // θ after the step, moved back onto the held kinks where that is better.
  std::pair<Tensor, double> trial(const CompositeStep& step) const {
    auto theta = moved(step.step);
    double value = loss_at(theta);
    if (step.sites.empty()) return {theta, value};
    const auto z =
        arguments_at(objective_, theta).index_select(0, index_of(step.sites));
    const auto back = shortest_correction(step.rows, z);
    if (!(back.norm().item<double>() < 0.5 * step.step.norm().item<double>())) {
      return {theta, value};
    }
    const auto corrected = theta.index_add(0, free_, back);
    const double other = loss_at(corrected);
    if (other <= value + 1e-14 * (1 + std::abs(value))) return {corrected, other};
    return {theta, value};
  }

  // Whether slopes taken before made another model: what it predicts has changed.
  bool changes(double predicted) {
    const bool same = std::abs(predicted - last_predicted_) <= 1e-3 * predicted;
    last_predicted_ = predicted;
    like_before_ = same ? like_before_ + 1 : 0;
    return like_before_ < kMostAlike;
  }

  // The model is not exact to first order where one sample has kinks in several layers:
  // the slope of one changes the row and the force of another. Where it fails near such
  // a point its slopes are taken without the step, and the model is made again.
  // By a part: full exchanges of two layers' slopes go round in circles.
  bool take_slopes(const CompositeStep& step) {
    ++nulls_;
    const auto before = point_.slopes;
    const auto z = arguments_at(objective_, point_.theta);
    const auto scale = site_scale(objective_, z);
    point_.slopes = side_slopes(objective_, point_.theta);
    point_.active.clear();
    for (size_t i = 0; i < step.tried.size(); ++i) {
      const auto site = step.tried[i];
      if (!(std::abs(z[site].item<double>()) <= kAtKink * scale[site].item<double>()))
        continue;
      const double low = table_.low[site].item<double>();
      const double width = table_.high[site].item<double>() - low;
      const double old = (before[site].item<double>() - low) / width;
      const double asked = step.tried_shares[static_cast<int64_t>(i)].item<double>();
      const double share = old + (asked - old) * 2 / (2 + nulls_);
      point_.slopes[site] = low + width * share;
      if (share > 0 && share < 1) point_.active.push_back(site);
    }
    point_.slopes = spread_out(point_.slopes, same_);
    std::sort(point_.active.begin(), point_.active.end());
    shift_.damping = kFirstDamping;
    return true;
  }

  bool composite(const CompositeModel& model, CompositeResult& out) {
    const double scale = std::abs(value_) + 1e-3;
    for (int k = 0; k < kMostTrials; ++k) {
      const auto next = composite_step(table_, free_, model, shift_);
      const auto [theta, value] = trial(next);
      const double fall = value_ - value;
      const bool hidden =
          std::abs(next.predicted) < 1e-14 * scale || std::abs(fall) < 1e-14 * scale;
      if (fall >= kEnough * next.predicted || (hidden && fall > -1e-13 * scale)) {
        if (hidden && ++blind_ > kMostBlind) break;
        if (!hidden) blind_ = 0;
        if (!next.raised && (hidden || fall > 0.7 * next.predicted))
          shift_.damping /= 4;
        if (!hidden && fall < 0.25 * next.predicted) shift_.damping *= 2;
        hold(next, theta, value);
        shift_.stiffness = std::max(1.0, shift_.stiffness / kStiffer);
        nulls_ = 0;
        return true;
      }
      if (k == kTrialsOfModel && nulls_ < kMostNulls && changes(next.predicted)) {
        return take_slopes(next);
      }
      const double most = model.hessian.diagonal().abs().max().item<double>();
      shift_.damping = std::max(4 * shift_.damping, 1e-6 * most);
    }
    out.problem = fmt::format("no step lowers the loss: gradient on {} kinks {:.1e}",
                              point_.active.size(),
                              out.gradient_norm);
    return false;
  }

  const Objective& objective_;
  Tensor free_;
  CompositeOptions options_;
  SiteTable table_;
  KinkPoint point_;
  SameSites same_;
  double value_ = 0;
  int leaves_ = 0;
  ModelShift shift_{.damping = kFirstDamping};
  int blind_ = 0;
  int nulls_ = 0;
  double last_predicted_ = 0;
  int like_before_ = 0;
  int last_steps_ = kMostLast;
  int slow_ = 0, patience_ = kPatience;
};

}  // namespace

CompositeResult minimize_composite(const Objective& objective,
                                   const KinkPoint& start,
                                   const Tensor& free,
                                   const CompositeOptions& options) {
  return CompositeSearch(objective, start, free, options).run();
}

}  // namespace basin
