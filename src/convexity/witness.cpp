#include "convexity/witness.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "curvature/symmetric_eigen.h"
#include "minima/newton.h"
#include "minima/unit_move.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr size_t kMostPoints = 30;
constexpr int64_t kMostUnits = 8;
constexpr double kClear = 1e-2;  // an excess, relative to both sides, to stop at

// Copies of a point under the symmetries of the network, with the same loss.
std::vector<KnownPoint> copies_of(const ParameterLayout& layout, const Tensor& theta) {
  std::vector<KnownPoint> out;
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    const auto units = std::min(group.units, kMostUnits);
    for (int64_t i = 0; i < units; ++i) {
      for (int64_t j = i + 1; j < units; ++j) {
        auto swap = identity_element(layout);
        std::swap(swap[g].from[static_cast<size_t>(i)],
                  swap[g].from[static_cast<size_t>(j)]);
        out.push_back(
            {fmt::format(
                 "units {} and {} of layer {} exchanged", i, j, group.layers.front()),
             moved(layout, swap, theta)});
      }
      if (group.flips()) {
        auto flip = identity_element(layout);
        flip[g].sign[i] = -1;
        out.push_back(
            {fmt::format(
                 "the signs of unit {} of layer {} flipped", i, group.layers.front()),
             moved(layout, flip, theta)});
      }
      const auto scale = [&](double factor, const char* text) {
        auto scaled = theta.clone();
        scale_unit(group, i, factor, layer_views(layout, scaled));
        out.push_back(
            {fmt::format("unit {} of layer {} {}", i, group.layers.front(), text),
             scaled});
      };
      if (group.readers.empty()) continue;
      if (group.positive_scaling || group.general_linear)
        scale(2, "scaled by 2, its readers by ½");
      if (group.general_linear) scale(-1, "and its readers times −1");
    }
  }
  return out;
}

}  // namespace

namespace {

Tensor three_points(const Witness& w) {
  return at::stack({w.a, w.b, ((1 - w.t) * w.a + w.t * w.b)}).contiguous();
}

void measure_losses(const SampledObjective& objective, Witness& w) {
  const auto loss = numbers(objective.value(three_points(w)).to(torch::kFloat64));
  w.left = loss[2];
  w.right = (1 - w.t) * loss[0] + w.t * loss[1];
  w.error = 1e-15 * (std::abs(loss[0]) + std::abs(loss[1]) + std::abs(loss[2]));
}

}  // namespace

void measure(const SampledObjective& objective, Witness& w) {
  measure_losses(objective, w);
  const auto points = three_points(w);
  for (int64_t i = 0; i < 3; ++i) w.error += value_noise(objective, points[i]);
}

namespace {

// The best of those tried: one that violates goes before one that does not.
class Contest {
 public:
  explicit Contest(const SampledObjective& objective) : objective_(objective) {}

  void enter(Witness w) {
    if (decided()) return;
    measure_losses(objective_, w);
    if (!std::isfinite(w.left) || !std::isfinite(w.right)) return;
    const double size = w.excess() / (std::abs(w.left) + std::abs(w.right) + 1e-300);
    if (size + 10 <= rank_) return;  // it cannot win: its noise need not be known
    measure(objective_, w);
    const double rank = size + (w.violates() ? 10 : 0);
    if (rank <= rank_) return;
    rank_ = rank;
    best = std::move(w);
  }
  bool decided() const { return rank_ > 10 + kClear; }

  Witness best;

 private:
  const SampledObjective& objective_;
  double rank_ = -std::numeric_limits<double>::infinity();
};

}  // namespace

Witness find_witness(const SampledObjective& objective,
                     const ParameterLayout& layout,
                     const std::vector<KnownPoint>& points,
                     const std::vector<KnownPoint>& down) {
  Contest contest(objective);
  for (size_t i = 0; i < std::min(kMostPoints, points.size()); ++i) {
    const auto& p = points[i];
    for (const auto& c : copies_of(layout, p.theta)) {
      if ((c.theta - p.theta).abs().max().item<double>() < 1e-9) continue;
      contest.enter({.how = fmt::format("{} and its copy, {}", p.name, c.name),
                     .a = p.theta,
                     .b = c.theta});
    }
    for (size_t j = 0; j < i; ++j) {
      contest.enter({.how = fmt::format("{} and {}", points[j].name, p.name),
                     .a = points[j].theta,
                     .b = p.theta});
    }
    for (const auto& d : down) {
      if (p.name != d.name) continue;
      for (const double step : {1.0, 0.1, 0.01}) {
        contest.enter({.how = d.name + ", along its direction of negative curvature",
                       .a = p.theta - step * d.theta,
                       .b = p.theta + step * d.theta});
      }
    }
    if (contest.decided()) break;
  }
  return contest.best;
}

double violating_chords(const SampledObjective& objective, const Tensor& starts) {
  const auto count = starts.size(0) - 1;
  if (count < 1) return std::numeric_limits<double>::quiet_NaN();
  int64_t violated = 0, chords = 0;
  const auto rows = objective.preferred_rows();
  for (int64_t first = 0; first < count; first += rows) {
    const auto n = std::min(rows, count - first);
    const auto a = starts.narrow(0, first, n), b = starts.narrow(0, first + 1, n);
    const auto value = [&](const Tensor& x) {
      return objective.value(x.contiguous()).to(torch::kFloat64);
    };
    const auto right = 0.5 * (value(a) + value(b));
    violated += (value(0.5 * (a + b)) > right * (1 + 1e-9)).sum().item<int64_t>();
    chords += n;
  }
  return static_cast<double>(violated) / static_cast<double>(chords);
}

double negative_hessians(const Objective& objective, const Tensor& starts) {
  if (starts.size(0) == 0) return std::numeric_limits<double>::quiet_NaN();
  int64_t negative = 0;
  for (int64_t k = 0; k < starts.size(0); ++k) {
    const auto values = symmetric_eigenvalues(
        objective.hessian(starts.narrow(0, k, 1).contiguous())[0]);
    const double most = values.abs().max().item<double>();
    negative += values[0].item<double>() < -1e-12 * most;
  }
  return static_cast<double>(negative) / static_cast<double>(starts.size(0));
}

}  // namespace basin
