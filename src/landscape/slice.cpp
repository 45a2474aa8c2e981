#include "landscape/slice.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/parallel.h"
#include "landscape/direction.h"
#include "minima/matching.h"

namespace basin {
namespace {

using torch::Tensor;

Tensor grid(double low, double high, int64_t points) {
  return at::linspace(low, high, points, torch::kFloat64);
}

struct Centre {
  Tensor theta;
  std::string name;
  std::string problem;
};

Centre find_centre(const SliceOptions& o,
                   const ParameterLayout& layout,
                   const std::vector<Minimum>& minima) {
  if (o.center == "zero") {
    return {at::zeros({layout.dimension}, torch::kFloat64), "zero", ""};
  }
  int64_t id = 0;
  if (o.center != "best") {
    std::from_chars(o.center.data(), o.center.data() + o.center.size(), id);
  }
  if (id >= static_cast<int64_t>(minima.size())) {
    return {{}, "", fmt::format("needs minimum {}, there are {}", id, minima.size())};
  }
  return {minima[static_cast<size_t>(id)].endpoint.theta,
          label_of(minima[static_cast<size_t>(id)]),
          ""};
}

void set_grid(const SliceOptions& o, SliceFrame& frame) {
  frame.x = grid(o.range[0], o.range[1], o.points);
  frame.y =
      o.kind == SliceKind::kPlane ? frame.x.clone() : at::zeros({1}, torch::kFloat64);
}

FrameOrProblem centred(const SliceOptions& o,
                       const ParameterLayout& layout,
                       const std::vector<Minimum>& minima,
                       uint64_t seed) {
  const auto centre = find_centre(o, layout, minima);
  if (!centre.problem.empty()) return {{}, centre.problem};
  SliceFrame frame{.kind = o.kind, .origin = centre.theta};
  const auto direction = [&](int64_t which) -> Tensor {
    const auto index = static_cast<uint64_t>(2 * o.draw + which);
    if (o.directions == DirectionKind::kFilter) {
      return filter_direction(layout, centre.theta, seed, index);
    }
    if (o.directions == DirectionKind::kRandom) {
      const double norm = centre.theta.norm().item<double>();
      return random_direction(layout.dimension, seed, index, norm > 0 ? norm : 1.0);
    }
    auto axis = at::zeros({layout.dimension}, torch::kFloat64);
    axis[parameter_index(layout, o.axes[static_cast<size_t>(which)])] = 1;
    return axis;
  };
  if (o.directions == DirectionKind::kAxes) {
    const size_t needed = o.kind == SliceKind::kPlane ? 2 : 1;
    for (size_t k = 0; k < needed; ++k) {
      if (parameter_index(layout, o.axes[k]) < 0) {
        return {{}, fmt::format("the network has no parameter {}", o.axes[k])};
      }
    }
    frame.recipe =
        fmt::format("along {} from {}", fmt::join(o.axes, " and "), centre.name);
  } else {
    frame.recipe = fmt::format(
        "{} directions, draw {}, seed {}, round {}",
        o.directions == DirectionKind::kFilter ? "filter-normalised" : "random",
        o.draw,
        seed,
        centre.name);
  }
  frame.u = direction(0);
  frame.v = o.kind == SliceKind::kPlane ? direction(1) : at::zeros_like(frame.u);
  set_grid(o, frame);
  frame.marks = {{.label = o.center == "zero" ? "0" : centre.name}};
  return {frame, ""};
}

double length_along(const Tensor& a, const Tensor& b) {
  return a.dot(b).item<double>();
}

// Makes the plane through three points: orthonormal axes, the first along A → B.
void span_plane(const std::vector<Tensor>& points, SliceFrame& frame) {
  const auto ab = points[1] - points[0];
  const auto ac = points[2] - points[0];
  const double length = ab.norm().item<double>();
  frame.u = ab / length;
  const auto rest = ac - frame.u * length_along(ac, frame.u);
  const double height = rest.norm().item<double>();
  frame.v = height > 1e-12 * length ? rest / height : at::zeros_like(rest);
  const double along = length_along(ac, frame.u);
  frame.marks[1].x = length;
  frame.marks[2].x = along;
  frame.marks[2].y = height;
  const double low = std::min(0.0, along), high = std::max(length, along);
  const double margin = 0.25 * std::max(high - low, height);
  frame.x = grid(low - margin, high + margin, frame.x.size(0));
  frame.y = grid(-margin, height + margin, frame.x.size(0));
}

FrameOrProblem through_minima(const SliceOptions& o,
                              const ParameterLayout& layout,
                              const std::vector<Minimum>& minima) {
  const size_t needed = o.kind == SliceKind::kPlane ? 3 : 2;
  auto ids = o.minima;
  if (ids.empty()) ids = {0, 1, 2};
  ids.resize(needed);
  SliceFrame frame{.kind = o.kind};
  std::vector<Tensor> points;
  std::vector<std::string> names;
  for (const auto id : ids) {
    if (id >= static_cast<int64_t>(minima.size())) {
      return {{},
              fmt::format("needs {} minima, there {} {}",
                          *std::max_element(ids.begin(), ids.end()) + 1,
                          minima.size() == 1 ? "is" : "are",
                          minima.size())};
    }
    const auto& theta = minima[static_cast<size_t>(id)].endpoint.theta;
    points.push_back(points.empty() ? theta
                                    : match_units(layout, points[0], theta).moved);
    names.push_back(label_of(minima[static_cast<size_t>(id)]));
    frame.marks.push_back({.label = names.back()});
  }
  frame.origin = points[0];
  frame.x = grid(-0.5, 1.5, o.points);
  frame.y = at::zeros({1}, torch::kFloat64);
  if (o.kind == SliceKind::kPlane) {
    span_plane(points, frame);
  } else {
    frame.u = points[1] - points[0];
    frame.v = at::zeros_like(frame.u);
    frame.marks[1].x = 1;
  }
  frame.recipe =
      fmt::format("through {}, units matched to the first", fmt::join(names, ", "));
  return {frame, ""};
}

}  // namespace

int64_t parameter_index(const ParameterLayout& layout, const std::string& name) {
  for (const auto& layer : layout.layers) {
    for (int64_t r = 0; r < layer.rows; ++r) {
      if (layer.bias >= 0 && name == fmt::format("{}.bias[{}]", layer.name, r)) {
        return layer.bias + r;
      }
      for (int64_t c = 0; c < layer.columns; ++c) {
        if (name == fmt::format("{}.weight[{},{}]", layer.name, r, c)) {
          return layer.weight + r * layer.columns + c;
        }
      }
    }
  }
  return -1;
}

FrameOrProblem make_frame(const SliceOptions& options,
                          const ParameterLayout& layout,
                          const std::vector<Minimum>& minima,
                          uint64_t seed) {
  auto out = options.directions == DirectionKind::kMinima
                 ? through_minima(options, layout, minima)
                 : centred(options, layout, minima, seed);
  if (out.frame) out.frame->name = options.name;
  return out;
}

SliceValues evaluate_slice(const SampledObjective& objective,
                           const SliceFrame& frame,
                           int64_t threads) {
  const auto nx = frame.x.size(0), ny = frame.y.size(0);
  const auto points = nx * ny;
  SliceValues out{.loss = at::empty({points}, torch::kFloat64),
                  .accuracy = at::empty({points}, torch::kFloat64)};
  const auto a = frame.x.repeat({ny});
  const auto b = frame.y.repeat_interleave(nx);
  constexpr int64_t kBlock = 128;
  const auto plane = objective.on_plane(frame.origin, frame.u, frame.v);
  parallel_for((points + kBlock - 1) / kBlock, threads, [&](int64_t block) {
    const auto at = block * kBlock;
    const auto rows = std::min(kBlock, points - at);
    const auto values = plane->at(a.narrow(0, at, rows), b.narrow(0, at, rows));
    out.loss.narrow(0, at, rows).copy_(values.loss);
    out.accuracy.narrow(0, at, rows).copy_(values.accuracy);
  });
  out.loss = out.loss.view({ny, nx});
  out.accuracy = out.accuracy.view({ny, nx});
  return out;
}

}  // namespace basin
