#include "minima/higher_order.h"

#include <ATen/Functions.h>

#include <cmath>
#include <vector>

#include "core/random_vector.h"
#include "core/stop.h"
#include "core/unit_rows.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kScales = 9;
constexpr int kChordSteps = 60;
constexpr int64_t kMixtures = 8;
constexpr int kSphereSteps = 30;
constexpr double kSphere = 0.125;    // radius on which l is minimised
constexpr int64_t kLeastScales = 3;  // of a ray that says anything

/// The problem: L round θ in coordinates (s, w).
struct Split {
  const Objective& objective;
  const Tensor& theta;
  const Tensor& zero;
  const Tensor& complement;
  const Tensor& curvature;
  double at_zero;
  double noise;

  Tensor step(const Tensor& s, const Tensor& w) const {
    return at::mm(s, zero) + at::mm(w, complement.t());
  }
};

/// l at rows of s `[B, n]`, as far as w settled.
struct Reduced {
  Tensor rise;      // l(s) − l(0), `[B]`
  Tensor gradient;  // ∂l/∂s, `[B, n]`
  Tensor w;         // `[B, r]`
  Tensor settled;   // `[B]` bool
};

// Chord Newton steps in w, all rows at once, from `w`.
Reduced reduce(const Split& split, const Tensor& s, Tensor w) {
  Reduced out;
  auto last = at::full({s.size(0)}, INFINITY, torch::kFloat64);
  auto live = at::ones({s.size(0)}, torch::kBool);
  out.settled = at::zeros({s.size(0)}, torch::kBool);
  for (int i = 0; i < kChordSteps; ++i) {
    check_stop();
    const auto answer = split.objective.value_and_gradient(
        (split.theta + split.step(s, w)).contiguous());
    out.rise = answer.value - split.at_zero;
    out.gradient = at::mm(answer.gradient, split.zero.t());
    out.w = w;
    const auto slope = at::mm(answer.gradient, split.complement);
    const auto shift = slope / split.curvature;
    // By so much l is above its least value over w.
    const auto above = split.curvature.numel() > 0 ? (slope * shift).abs().sum(1) / 2
                                                   : at::zeros_like(last);
    out.settled = above <= split.noise;
    const auto done = above <= 1e-3 * split.noise;
    live = live.logical_and(done.logical_not()).logical_and(above < 0.25 * last);
    if (!live.any().item<bool>()) break;
    last = above;
    w = at::where(live.unsqueeze(1), w - shift, w);
  }
  return out;
}

/// l along rays, from the smallest s outward, as far as w could be followed.
struct Rays {
  std::vector<double> s;
  std::vector<Reduced> at;  // one for each s
  Tensor length;            // how many s each ray was followed, `[B]`
};

Rays follow(const Split& split, const Tensor& directions) {
  Rays out;
  const auto count = directions.size(0);
  auto w = at::zeros({count, split.curvature.size(0)}, torch::kFloat64);
  auto live = at::ones({count}, torch::kBool);
  out.length = at::zeros({count}, torch::kInt64);
  for (int k = kScales; k >= 1; --k) {
    const double s = std::ldexp(1.0, -k);
    auto found = reduce(split, s * directions, w);
    live = live.logical_and(found.settled);
    out.length += live.to(torch::kInt64);
    w = at::where(live.unsqueeze(1), found.w, w);
    out.s.push_back(s);
    out.at.push_back(std::move(found));
  }
  return out;
}

// The rises along ray b.
std::vector<double> rises_of(const Rays& rays, int64_t b) {
  std::vector<double> out;
  for (int64_t i = 0; i < rays.length[b].item<int64_t>(); ++i)
    out.push_back(rays.at[static_cast<size_t>(i)].rise[b].item<double>());
  return out;
}

// It falls at once and goes on falling: the last point before it rises again.
int64_t falls_to(const std::vector<double>& rise, double noise) {
  int64_t best = -1;
  double least = 0;
  for (size_t i = 0; i < rise.size(); ++i) {
    if (rise[i] > least + noise) break;
    if (rise[i] < -10 * noise) best = static_cast<int64_t>(i);
    least = std::min(least, rise[i]);
  }
  return best;
}

bool is_flat(const std::vector<double>& rise, double noise) {
  for (const double r : rise) {
    if (std::abs(r) > 10 * noise) return false;
  }
  return true;
}

// The exponent between the two largest scales that stand clear of noise, of those where
// the leading term still rules; 0 if there are none, or it falls somewhere.
double order_of(const std::vector<double>& rise, double noise) {
  for (size_t i = 0; i + 1 < rise.size(); ++i) {
    if (rise[i] < -10 * noise) return 0;
    if (rise[i] > 1e3 * noise && rise[i + 1] > 0) {
      return std::log2(rise[i + 1] / rise[i]);
    }
  }
  return 0;
}

// Every ±z_k, and random mixtures where there are several.
Tensor first_directions(int64_t modes) {
  const auto axes = at::eye(modes, torch::kFloat64);
  std::vector<Tensor> out{axes, -axes};
  RandomStream random(0, Stream::kProbe, 1);
  for (int64_t i = 0; modes > 1 && i < kMixtures; ++i)
    out.push_back(normal_vector(random, modes).unsqueeze(0));
  return unit_rows(at::cat(out));
}

// Directions of least l on a sphere, by descent along great circles, all rows at once.
Tensor descend_on_sphere(const Split& split, Tensor directions) {
  const auto count = directions.size(0);
  auto here = reduce(split,
                     kSphere * directions,
                     at::zeros({count, split.curvature.size(0)}, torch::kFloat64));
  auto angle = at::full({count, 1}, 0.5, torch::kFloat64);
  for (int i = 0; i < kSphereSteps; ++i) {
    const auto along = (here.gradient * directions).sum(1, true);
    const auto down = unit_rows(here.gradient - along * directions);
    const auto trial = unit_rows(directions - angle * down);
    auto next = reduce(split, kSphere * trial, here.w);
    const auto better = next.settled.logical_and(next.rise < here.rise).unsqueeze(1);
    directions = at::where(better, trial, directions);
    here.gradient = at::where(better, next.gradient, here.gradient);
    here.w = at::where(better, next.w, here.w);
    here.rise = at::where(better.squeeze(1), next.rise, here.rise);
    angle = at::where(better, angle * 1.3, angle * 0.5);
  }
  return directions;
}

void note_rays(const Split& split,
               const Tensor& directions,
               const Rays& rays,
               NullSpaceTest& out) {
  for (int64_t b = 0; b < directions.size(0); ++b) {
    const auto rise = rises_of(rays, b);
    ++out.rays;
    if (const auto i = falls_to(rise, split.noise); i >= 0) {
      const auto k = static_cast<size_t>(i);
      if (-rise[k] <= out.fall) continue;
      out.kind = ZeroMode::kFalling;
      out.fall = -rise[k];
      out.witness = split
                        .step(rays.s[k] * directions.narrow(0, b, 1),
                              rays.at[k].w.narrow(0, b, 1))
                        .squeeze(0);
      continue;
    }
    if (static_cast<int64_t>(rise.size()) < kLeastScales) {
      ++out.unclear;
      continue;
    }
    const double reach = rays.s[rise.size() - 1];
    out.reach = out.reach == 0 ? reach : std::min(out.reach, reach);
    const double order = order_of(rise, split.noise);
    if (is_flat(rise, split.noise)) {
      ++out.flat;
    } else if (order > 1) {
      ++out.rising;
      out.order = out.order == 0 ? order : std::min(out.order, order);
    } else {
      ++out.unclear;
    }
  }
}

}  // namespace

NullSpaceTest test_null_space(const Objective& objective,
                              const Tensor& theta,
                              const Tensor& zero,
                              const Tensor& complement,
                              const Tensor& curvature,
                              double noise) {
  const Split split{objective,
                    theta,
                    zero,
                    complement,
                    curvature,
                    objective.value(theta.unsqueeze(0)).item<double>(),
                    noise};
  NullSpaceTest out;
  // Step 1: the axes and mixtures of them.
  auto directions = first_directions(zero.size(0));
  note_rays(split, directions, follow(split, directions), out);
  if (out.kind == ZeroMode::kFalling) return out;
  // Step 2: where l is least on a sphere.
  if (zero.size(0) > 1) {
    directions = descend_on_sphere(split, directions);
    note_rays(split, directions, follow(split, directions), out);
    if (out.kind == ZeroMode::kFalling) return out;
  }
  if (out.unclear == out.rays) {
    out.kind = ZeroMode::kUnclear;
  } else if (out.flat == out.rays) {
    out.kind = ZeroMode::kFlat;
  } else {
    out.kind = out.rising == out.rays ? ZeroMode::kRising : ZeroMode::kMixed;
  }
  return out;
}

}  // namespace basin
