#include "minima/kink_line.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kHalvings = 30;
constexpr int64_t kMostBreakpoints = 60;

}  // namespace

KinkLine::KinkLine(const Objective& objective,
                   const KinkPoint& point,
                   const Tensor& free,
                   const Tensor& restore,
                   Tensor direction)
    : objective_(objective),
      point_(point),
      free_(free),
      restore_(restore),
      direction_(std::move(direction)) {}

Tensor KinkLine::path(const Tensor& t) const {
  auto points = point_.theta + t.unsqueeze(1) * direction_;
  if (!restore_.defined()) return points;
  const auto active = index_of(point_.active);
  for (int pass = 0; pass < 2; ++pass) {
    const auto z = objective_.kink_arguments(points).index_select(1, active);
    points.index_add_(1, free_, -at::mm(z, restore_.t()));
  }
  return points;
}

Tensor KinkLine::losses(const Tensor& points) const {
  return at::nan_to_num(objective_.value(points), 1e300, 1e300);
}

std::vector<std::pair<double, int64_t>> KinkLine::crossings(double from,
                                                            double to) const {
  auto low = at::tensor({from, to}, torch::kFloat64);
  const auto z = objective_.kink_arguments(path(low));
  auto open = at::ones_like(z[0]).to(torch::kBool);
  if (!point_.active.empty()) open.index_fill_(0, index_of(point_.active), false);
  const auto scale = site_scale(objective_, z[0]);
  const auto sites = (z[0] * z[1] < 0)
                         .logical_and(z[0].abs() > kOnKink * scale)
                         .logical_and(open)
                         .nonzero()
                         .squeeze(1);
  auto a = z[0].index_select(0, sites), b = z[1].index_select(0, sites);
  auto t = from + (to - from) * a / (a - b);
  const auto order =
      t.argsort().narrow(0, 0, std::min<int64_t>(kMostBreakpoints, t.size(0)));
  t = t.index_select(0, order);
  const auto nearest = sites.index_select(0, order);
  if (restore_.defined() && t.size(0) > 0) {
    // The path is curved: secant steps, each site on its own.
    auto t0 = at::full_like(t, from), z0 = a.index_select(0, order);
    for (int i = 0; i < 5; ++i) {
      const auto z1 =
          objective_.kink_arguments(path(t)).gather(1, nearest.unsqueeze(1)).squeeze(1);
      const auto step = z1 * (t - t0) / (z1 - z0);
      const auto next = at::where(step.isfinite(), t - step, t).clamp(from, to);
      t0 = t;
      z0 = z1;
      t = next;
    }
  }
  std::vector<std::pair<double, int64_t>> out;
  for (int64_t i = 0; i < t.size(0); ++i) {
    out.emplace_back(t[i].item<double>(), nearest[i].item<int64_t>());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<LineStep> KinkLine::best(double value) const {
  const auto halving = at::pow(0.5, at::arange(kHalvings, torch::kFloat64));
  const auto coarse = path(halving);
  const auto values = losses(coarse);
  const auto best = values.argmin().item<int64_t>();
  LineStep out{.theta = coarse[best].clone(), .value = values[best].item<double>()};
  const double t = halving[best].item<double>();
  const double from = best + 1 < kHalvings ? t / 2 : 0.0;
  const auto kinks = crossings(out.value < value ? from : 0.0, std::min(1.0, 2 * t));
  if (!kinks.empty()) {
    std::vector<double> shares;
    for (const auto& [share, site] : kinks) shares.push_back(share);
    const auto points = path(at::tensor(shares, torch::kFloat64));
    const auto fine = losses(points);
    const auto k = fine.argmin().item<int64_t>();
    if (fine[k].item<double>() <= out.value) {
      out = {.theta = points[k].clone(),
             .value = fine[k].item<double>(),
             .site = kinks[static_cast<size_t>(k)].second};
    }
  }
  if (!(out.value < value)) return std::nullopt;
  return out;
}

}  // namespace basin
