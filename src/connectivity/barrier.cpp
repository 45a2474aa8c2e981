#include "connectivity/barrier.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numbers.h"
#include "core/stop.h"
#include "landscape/line_extrema.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kGrid = 33, kFinestGrid = 4097;
constexpr double kGolden = 0.6180339887498949;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kMostKinks = 2000;

struct Samples {
  std::vector<double> t, loss;  // ascending in t
};

Tensor points_on(const Tensor& a, const Tensor& b, const std::vector<double>& t) {
  const auto s = at::tensor(t, torch::kFloat64).unsqueeze(1);
  return ((1 - s) * a + s * b).contiguous();
}

std::vector<double> losses_at(const Objective& objective,
                              const Tensor& a,
                              const Tensor& b,
                              const std::vector<double>& t) {
  std::vector<double> out;
  const auto rows = static_cast<size_t>(objective.preferred_rows());
  for (size_t first = 0; first < t.size(); first += rows) {
    check_stop();
    const auto last = std::min(t.size(), first + rows);
    const std::vector<double> part(t.begin() + static_cast<ptrdiff_t>(first),
                                   t.begin() + static_cast<ptrdiff_t>(last));
    const auto values = objective.value(points_on(a, b, part)).to(torch::kFloat64);
    for (const double v : numbers(values)) out.push_back(v);
  }
  return out;
}

void insert(Samples& s, const std::vector<double>& t, const std::vector<double>& loss) {
  std::vector<std::pair<double, double>> all;
  for (size_t i = 0; i < s.t.size(); ++i) all.emplace_back(s.t[i], s.loss[i]);
  for (size_t i = 0; i < t.size(); ++i) all.emplace_back(t[i], loss[i]);
  std::sort(all.begin(), all.end());
  s = {};
  for (const auto& [x, y] : all) {
    if (!s.t.empty() && s.t.back() == x) continue;
    s.t.push_back(x);
    s.loss.push_back(y);
  }
}

// Golden section for the maxima of L − slope·t, in every bracket at once.
void refine(const Objective& objective,
            const Tensor& a,
            const Tensor& b,
            double slope,
            Samples& samples) {
  std::vector<double> low, high, x1, x2;
  const auto f = [&](size_t i) { return samples.loss[i] - slope * samples.t[i]; };
  const auto last = samples.t.size() - 1;
  for (size_t i = 0; i <= last; ++i) {
    const bool above = (i == 0 || f(i) >= f(i - 1)) && (i == last || f(i) >= f(i + 1));
    if (!above) continue;
    low.push_back(samples.t[i == 0 ? 0 : i - 1]);
    high.push_back(samples.t[std::min(i + 1, last)]);
  }
  if (low.empty()) return;
  for (int step = 0; step < 40; ++step) {
    x1.clear();
    x2.clear();
    double widest = 0;
    for (size_t k = 0; k < low.size(); ++k) {
      x1.push_back(high[k] - kGolden * (high[k] - low[k]));
      x2.push_back(low[k] + kGolden * (high[k] - low[k]));
      widest = std::max(widest, high[k] - low[k]);
    }
    const auto y1 = losses_at(objective, a, b, x1), y2 = losses_at(objective, a, b, x2);
    insert(samples, x1, y1);
    insert(samples, x2, y2);
    if (widest < 1e-6) break;
    for (size_t k = 0; k < low.size(); ++k) {
      if (y1[k] - slope * x1[k] > y2[k] - slope * x2[k]) {
        high[k] = x2[k];
      } else {
        low[k] = x1[k];
      }
    }
  }
}

// Ends, breaks and extrema of L and of L less its chord: nothing is higher between
// them.
Samples exact_samples(const PiecewisePolynomial& pieces) {
  std::vector<double> t{0, 1};
  auto tilted = pieces;
  const double rise = pieces.value(1) - pieces.value(0);
  for (size_t i = 0; i < tilted.pieces.size(); ++i) {
    auto& p = tilted.pieces[i];
    if (p.size() < 2) p.resize(2, 0.0);
    p[0] -= rise * tilted.centre(i);
    p[1] -= rise * tilted.half(i);
  }
  for (const auto* each : {&pieces, static_cast<const PiecewisePolynomial*>(&tilted)}) {
    for (const auto& e : extrema_of(*each)) {
      if (e.kind == ExtremumKind::kMaximum) t.push_back(e.t);
    }
  }
  std::vector<double> loss;
  for (const double x : t) loss.push_back(pieces.value(x));
  Samples out;
  insert(out, t, loss);
  return out;
}

struct Profile {
  Samples samples;
  bool exact = false;
  int64_t kinks = 0;
};

// Points that no change of the first layer slips through: two for each unit by which a
// pre-activation, which is affine in t, changes along the line.
int64_t first_grid(const SampledObjective& objective,
                   const Tensor& a,
                   const Tensor& b) {
  const auto from = objective.layer_probes(a, {}), to = objective.layer_probes(b, {});
  if (from.empty()) return kGrid;
  const double change = (to.front().pre - from.front().pre).abs().max().item<double>();
  int64_t out = kGrid;
  while (out < kFinestGrid && static_cast<double>(out) < 2 * change) out = 2 * out - 1;
  return out;
}

Profile profile_of(const SampledObjective& objective,
                   const Tensor& a,
                   const Tensor& b) {
  const auto known = objective.on_line(
      {.origin = a.contiguous(), .direction = (b - a).contiguous()}, 1);
  Profile out{.exact = known.pieces.has_value(),
              .kinks = static_cast<int64_t>(known.kinks.size())};
  if (known.pieces) {
    out.samples = exact_samples(*known.pieces);
    return out;
  }
  // Twice as many points until the top no longer moves.
  double top = -std::numeric_limits<double>::infinity();
  const auto first = first_grid(objective, a, b);
  for (auto grid = first; grid <= kFinestGrid; grid = 2 * grid - 1) {
    auto t = numbers(at::linspace(0, 1, grid, torch::kFloat64));
    if (grid == first && known.kinks.size() <= kMostKinks)
      t.insert(t.end(), known.kinks.begin(), known.kinks.end());
    insert(out.samples, t, losses_at(objective, a, b, t));
    const double slope = out.samples.loss.back() - out.samples.loss.front();
    auto tilted = out.samples;
    refine(objective, a, b, 0, out.samples);
    refine(objective, a, b, slope, tilted);
    insert(out.samples, tilted.t, tilted.loss);
    const double found = barrier_of(out.samples.t, out.samples.loss).top;
    if (found - top <= 1e-9 * (1 + std::abs(top))) break;
    top = found;
  }
  return out;
}

double greatest(const Tensor& x) { return x.max().item<double>(); }

}  // namespace

Barrier barrier_of(const std::vector<double>& t, const std::vector<double>& loss) {
  const double l0 = loss.front(), l1 = loss.back();
  Barrier out{.top = -std::numeric_limits<double>::infinity()};
  for (size_t i = 0; i < t.size(); ++i) {
    // Not a number: the loss is beyond all numbers there.
    const double y =
        std::isnan(loss[i]) ? std::numeric_limits<double>::infinity() : loss[i];
    out.chord = std::max(out.chord, y - ((1 - t[i]) * l0 + t[i] * l1));
    if (y > out.top) {
      out.top = y;
      out.at = t[i];
    }
  }
  out.mean = out.top - 0.5 * (l0 + l1);
  out.pass = out.top - std::max(l0, l1);
  return out;
}

LineBarrier line_barrier(const SampledObjective& objective,
                         const SampledObjective* held_out,
                         const Tensor& a,
                         const Tensor& b) {
  const auto profile = profile_of(objective, a, b);
  LineBarrier out{.loss = barrier_of(profile.samples.t, profile.samples.loss),
                  .exact = profile.exact,
                  .kinks = profile.kinks,
                  .points = static_cast<int64_t>(profile.samples.t.size()),
                  .held_out = kNan,
                  .held_out_error = kNan};
  auto t = numbers(at::linspace(0, 1, kGrid, torch::kFloat64));
  t.insert(t.end() - 1, out.loss.at);
  std::sort(t.begin(), t.end());
  const auto theta = points_on(a, b, t);
  const auto wrong = 1 - objective.accuracy(theta).to(torch::kFloat64);
  out.error = greatest(wrong);
  out.end_error = std::max(wrong[0].item<double>(), wrong[-1].item<double>());
  if (held_out != nullptr) {
    out.held_out = barrier_of(t, losses_at(*held_out, a, b, t)).pass;
    out.held_out_error = 1 - held_out->accuracy(theta).min().item<double>();
  }
  return out;
}

HighPoint highest_on(const SampledObjective& objective,
                     const Tensor& a,
                     const Tensor& b) {
  const auto samples = profile_of(objective, a, b).samples;
  const auto found = barrier_of(samples.t, samples.loss);
  return {found.at, found.top};
}

}  // namespace basin
