#include "landscape/line_extrema.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/stop.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kRounding = 0x1p-46;
constexpr size_t kMostKinkNodes = 1000;

/// A stretch on which the loss rises (1), falls (-1) or stays (0).
struct Stretch {
  double from, to;
  int way;
  bool breaks;  // `from` is a break of the pieces
};

std::vector<Stretch> stretches_of(const PiecewisePolynomial& loss) {
  std::vector<Stretch> out;
  for (size_t i = 0; i < loss.pieces.size(); ++i) {
    const auto& p = loss.pieces[i];
    const auto slope = derivative(p);
    const double noise = loss.terms.empty() ? 0 : kRounding * loss.terms[i];
    auto ends = sign_changes(slope);
    ends.push_back(1);
    double from = -1;
    for (const double to : ends) {
      const double rate = evaluate(slope, 0.5 * (from + to));
      const bool flat = std::abs(rate) <= noise;
      const auto place = [&](double s) {
        if (s == -1) return loss.breaks[i];
        return s == 1 ? loss.breaks[i + 1] : loss.centre(i) + s * loss.half(i);
      };
      out.push_back({place(from), place(to), flat ? 0 : rate > 0 ? 1 : -1, from == -1});
      from = to;
    }
  }
  return out;
}

// Slopes g · u at each t, `[n]`.
Tensor slopes_at(const SampledObjective& objective,
                 const LineSegment& line,
                 const Tensor& t,
                 int64_t threads) {
  auto out = at::empty_like(t);
  const auto rows = std::min<int64_t>(64, objective.preferred_rows());
  const auto blocks = (t.size(0) + rows - 1) / rows;
  parallel_for(blocks, threads, [&](int64_t block) {
    const auto at = block * rows, n = std::min(rows, t.size(0) - at);
    const auto theta = line.origin + t.narrow(0, at, n).unsqueeze(1) * line.direction;
    const auto g = objective.value_and_gradient(theta.contiguous()).gradient;
    out.narrow(0, at, n).copy_(g.to(torch::kFloat64).mv(line.direction));
  });
  return out;
}

Tensor nodes_of(const LineSegment& line,
                int64_t points,
                const std::vector<double>& kinks) {
  auto nodes = at::linspace(line.low, line.high, points, torch::kFloat64);
  if (kinks.empty() || kinks.size() > kMostKinkNodes) return nodes;
  nodes = at::cat({nodes, at::tensor(kinks, torch::kFloat64)});
  return std::get<0>(nodes.sort());
}

std::vector<LineExtremum> bracketed(const SampledObjective& objective,
                                    const LineSegment& line,
                                    const Tensor& nodes,
                                    int64_t threads) {
  const auto slope = slopes_at(objective, line, nodes, threads);
  const auto last = nodes.size(0) - 1;
  const auto changes =
      ((slope.narrow(0, 0, last) > 0) != (slope.narrow(0, 1, last) > 0))
          .nonzero()
          .flatten();
  if (changes.numel() == 0) return {};
  auto a = nodes.index_select(0, changes), b = nodes.index_select(0, changes + 1);
  const auto rising = slope.index_select(0, changes) > 0;
  for (int i = 0; i < 60; ++i) {
    check_stop();
    const auto middle = 0.5 * (a + b);
    if (((middle <= a) | (middle >= b)).all().item<bool>()) break;
    const auto left = (slopes_at(objective, line, middle, threads) > 0) == rising;
    a = at::where(left, middle, a);
    b = at::where(left, b, middle);
  }
  const auto t = 0.5 * (a + b);
  const auto theta = line.origin + t.unsqueeze(1) * line.direction;
  const auto loss = objective.value(theta.contiguous()).to(torch::kFloat64);
  std::vector<LineExtremum> out;
  for (int64_t i = 0; i < t.size(0); ++i) {
    const double at = t[i].item<double>();
    if (at <= line.low || at >= line.high) continue;
    out.push_back({.kind = rising[i].item<bool>() ? ExtremumKind::kMaximum
                                                  : ExtremumKind::kMinimum,
                   .t = at,
                   .end = at,
                   .loss = loss[i].item<double>()});
  }
  return out;
}

}  // namespace

int64_t LineExtrema::count(ExtremumKind kind) const {
  return std::count_if(
      points.begin(), points.end(), [&](const auto& p) { return p.kind == kind; });
}

std::string LineExtrema::sentence(const std::string& where) const {
  const auto how =
      method == ExtremaMethod::kExact
          ? fmt::format("exact, {} kinks", kinks)
          : fmt::format("bracketed on {} points, there may be more: {}", grid, problem);
  return fmt::format("local minima along the line{}: {} ({})",
                     where,
                     count(ExtremumKind::kMinimum),
                     how);
}

std::vector<LineExtremum> extrema_of(const PiecewisePolynomial& loss) {
  std::vector<LineExtremum> out;
  int way = 0;        // of the last stretch that was not flat
  double since = 0;   // where the flat stretch after it began
  bool kink = false;  // a break lies in between
  for (const auto& s : stretches_of(loss)) {
    kink = kink || s.breaks;
    if (s.way == 0) continue;
    if (way != 0 && way != s.way) {
      out.push_back({.kind = way < 0 ? ExtremumKind::kMinimum : ExtremumKind::kMaximum,
                     .t = since,
                     .end = s.from,
                     .loss = loss.value(since),
                     .kink = kink});
    }
    way = s.way;
    since = s.to;
    kink = false;
  }
  return out;
}

LineExtrema find_extrema(const SampledObjective& objective,
                         const LineSegment& line,
                         int64_t points,
                         int64_t threads) {
  const auto known = objective.on_line(line, threads);
  LineExtrema out{.kinks = static_cast<int64_t>(known.kinks.size())};
  if (known.pieces) {
    out.method = ExtremaMethod::kExact;
    out.points = extrema_of(*known.pieces);
    return out;
  }
  const auto nodes = nodes_of(line, points, known.kinks);
  out.grid = nodes.size(0);
  out.problem = known.problem;
  out.points = bracketed(objective, line, nodes, threads);
  return out;
}

}  // namespace basin
