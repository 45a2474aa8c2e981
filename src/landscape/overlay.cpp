#include "landscape/overlay.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

SlicePath projected_path(const SliceFrame& frame,
                         const Tensor& points,
                         const std::string& label) {
  const auto steps = points - frame.origin;
  const auto a = steps.mv(frame.u).contiguous(), b = steps.mv(frame.v).contiguous();
  const Projection projection(frame);
  SlicePath out{.label = label};
  for (int64_t t = 0; t < points.size(0); ++t) {
    const auto [x, y] =
        projection.solve(a.data_ptr<double>()[t], b.data_ptr<double>()[t]);
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    out.x.push_back(x);
    out.y.push_back(y);
  }
  return out;
}

void add_overlays(const SliceOptions& options,
                  const FrameSources& sources,
                  SliceFrame& frame) {
  if (frame.kind != SliceKind::kPlane) return;
  const auto on_plane = frame.marks;
  const auto add = [&](const Tensor& theta, const std::string& label, bool saddle) {
    auto mark =
        projected(frame, match_units(sources.layout, frame.origin, theta).moved);
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
        frame.paths.push_back(projected_path(frame, path.points, path.label));
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
