#include "landscape/overlay.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "minima/matching.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr size_t kMostMarks = 40;

/// Solves least squares in the two directions.
struct Projection {
  double uu, uv, vv;

  explicit Projection(const SliceFrame& f)
      : uu(f.u.dot(f.u).item<double>()),
        uv(f.u.dot(f.v).item<double>()),
        vv(f.v.dot(f.v).item<double>()) {}

  std::pair<double, double> solve(double a, double b) const {
    const double determinant = uu * vv - uv * uv;
    if (!(determinant > 1e-14 * uu * vv)) return {a / uu, 0.0};
    return {(vv * a - uv * b) / determinant, (uu * b - uv * a) / determinant};
  }
};

// origin + x_t u + y_t v, `[T, P]`.
Tensor points_of_slice(const SliceFrame& f,
                       const std::vector<double>& x,
                       const std::vector<double>& y) {
  const auto column = [](const std::vector<double>& t) {
    return at::tensor(t, torch::kFloat64).unsqueeze(1);
  };
  return f.origin + column(x) * f.u + column(y) * f.v;
}

std::vector<double> losses_at(const Objective& objective, const Tensor& points) {
  std::vector<double> out;
  for (const auto& rows : points.split(objective.preferred_rows())) {
    const auto part = numbers(objective.value(rows));
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

bool wants(const SliceOptions& options, const char* what) {
  return std::find(options.overlay.begin(), options.overlay.end(), what) !=
         options.overlay.end();
}

}  // namespace

SliceMark projected(const SliceFrame& frame, const Tensor& theta) {
  const auto step = theta - frame.origin;
  const auto [x, y] = Projection(frame).solve(step.dot(frame.u).item<double>(),
                                              step.dot(frame.v).item<double>());
  return {
      .x = x, .y = y, .away = (step - x * frame.u - y * frame.v).norm().item<double>()};
}

SlicePath projected_path(const Objective& objective,
                         const SliceFrame& frame,
                         const Tensor& points,
                         const std::string& label) {
  const auto finite =
      points.index_select(0, points.isfinite().all(1).nonzero().flatten());
  const auto steps = finite - frame.origin;
  const auto a = steps.mv(frame.u).contiguous(), b = steps.mv(frame.v).contiguous();
  const Projection projection(frame);
  SlicePath out{.label = label};
  for (int64_t t = 0; t < finite.size(0); ++t) {
    const auto [x, y] =
        projection.solve(a.data_ptr<double>()[t], b.data_ptr<double>()[t]);
    out.x.push_back(x);
    out.y.push_back(y);
  }
  const auto below = points_of_slice(frame, out.x, out.y);
  out.away = numbers((finite - below).norm(2, {1}));
  out.loss = losses_at(objective, finite);
  out.plane_loss = losses_at(objective, below);
  return out;
}

void find_slice_losses(const Objective& objective, SliceFrame& frame) {
  std::vector<double> x, y;
  for (const auto& m : frame.marks) {
    x.push_back(m.x);
    y.push_back(m.y);
  }
  if (x.empty()) return;
  const auto losses = losses_at(objective, points_of_slice(frame, x, y));
  for (size_t k = 0; k < losses.size(); ++k) {
    auto& m = frame.marks[k];
    m.slice_loss = losses[k];
    if (std::isnan(m.loss)) m.loss = m.slice_loss;
  }
}

void add_overlays(const SliceOptions& options,
                  const FrameSources& sources,
                  SliceFrame& frame) {
  if (frame.kind != SliceKind::kPlane) return;
  const auto on_plane = frame.marks;
  const auto add = [&](const Tensor& theta, const std::string& label, bool saddle) {
    const auto moved = match_units(sources.layout, frame.origin, theta).moved;
    auto mark = projected(frame, moved);
    mark.loss = losses_at(sources.objective, moved.unsqueeze(0)).front();
    mark.label = label;
    mark.saddle = saddle;
    const bool known = std::any_of(on_plane.begin(),
                                   on_plane.end(),
                                   [&](const auto& m) { return m.label == label; });
    if (!known) frame.marks.push_back(mark);
  };
  if (wants(options, "minima")) {
    for (size_t i = 0; i < std::min(kMostMarks, sources.minima.size()); ++i)
      add(sources.minima[i].endpoint.theta, label_of(sources.minima[i]), false);
  }
  if (wants(options, "saddles")) {
    for (size_t i = 0; i < std::min(kMostMarks, sources.saddles.size()); ++i)
      add(sources.saddles[i].theta,
          sources.saddles[i].seed < 0
              ? fmt::format("saddle {}", -1 - sources.saddles[i].seed)
              : fmt::format("saddle (seed {})", sources.saddles[i].seed),
          true);
  }
  if (wants(options, "paths")) {
    const double near = 1e-9 * (1 + frame.origin.norm().item<double>());
    for (const auto& path : sources.paths) {
      if ((path.points[0] - frame.origin).norm().item<double>() <= near)
        frame.paths.push_back(
            projected_path(sources.objective, frame, path.points, path.label));
    }
  }
  if (!wants(options, "segments")) return;
  for (size_t i = 0; i < on_plane.size(); ++i) {
    for (size_t j = i + 1; j < on_plane.size(); ++j) {
      frame.paths.push_back({.label = "segment",
                             .x = {on_plane[i].x, on_plane[j].x},
                             .y = {on_plane[i].y, on_plane[j].y}});
    }
  }
}

}  // namespace basin
