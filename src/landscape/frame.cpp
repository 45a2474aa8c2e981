#include "landscape/frame.h"

#include <ATen/Functions.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/error.h"
#include "landscape/axis.h"
#include "landscape/overlay.h"
#include "minima/matching.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr size_t kMostEvery = 25;

Tensor grid(double low, double high, int64_t points) {
  return at::linspace(low, high, points, torch::kFloat64);
}

struct Box {
  double low = 0, high = 0;
  void hold(double t) {
    low = std::min(low, t);
    high = std::max(high, t);
  }
  double size() const { return high - low; }
};

// The boxes with a quarter of the larger one's size as margin on every side.
void add_margin(Box& x, Box& y) {
  const double margin = 0.25 * std::max(x.size(), y.size());
  for (auto* box : {&x, &y}) {
    box->low -= margin;
    box->high += margin;
  }
}

// The asked ranges, else the boxes.
void set_grid(const SliceOptions& o, const Box& x, const Box& y, SliceFrame& frame) {
  const auto values = [&](const std::vector<double>& asked, const Box& box) {
    return asked.empty() ? grid(box.low, box.high, o.points)
                         : grid(asked[0], asked[1], o.points);
  };
  frame.x = values(o.range, x);
  frame.y = o.kind == SliceKind::kPlane
                ? values(o.range_y.empty() ? o.range : o.range_y, y)
                : at::zeros({1}, torch::kFloat64);
}

SliceFrame centred(const SliceOptions& o, const FrameSources& from) {
  auto centre = find_centre(o, from);
  SliceFrame frame{.kind = o.kind};
  const auto kinds = axis_kinds(o);
  const bool both = kinds.size() == 2 && kinds[0] == kinds[1];
  // An axis between minima moves the centre to its first one: it comes before others.
  FrameAxis between;
  const bool to_minimum =
      std::find(kinds.begin(), kinds.end(), DirectionKind::kMinima) != kinds.end();
  if (to_minimum) between = minima_axis(o, centre, from);
  std::vector<FrameAxis> axes;
  for (size_t k = 0; k < kinds.size(); ++k)
    axes.push_back(kinds[k] == DirectionKind::kMinima
                       ? between
                       : make_axis(kinds[k], o, k, both, centre, from));
  for (const auto& axis : axes) {
    if (!(axis.direction.norm().item<double>() > 0))
      throw FrameProblem{"needs directions that are not zero; " + axis.label + " is"};
  }
  frame.origin = centre.theta.contiguous();
  frame.u = axes[0].direction;
  frame.x_label = axes[0].label;
  frame.v = axes.size() == 2 ? axes[1].direction : at::zeros_like(frame.u);
  if (axes.size() == 2) frame.y_label = axes[1].label;
  frame.marks = {{.label = centre.name, .bare = centre.bare}};
  frame.recipe = fmt::format("{}{} round {}, user seed {}",
                             frame.x_label,
                             axes.size() == 2 ? " and " + frame.y_label : "",
                             centre.name,
                             from.seed);
  Box x{-1, 1}, y{-1, 1};
  const bool trajectory =
      std::find(kinds.begin(), kinds.end(), DirectionKind::kTrajectory) != kinds.end();
  const bool wanted =
      std::find(o.overlay.begin(), o.overlay.end(), "trajectories") != o.overlay.end();
  if (trajectory || wanted) {
    frame.paths.push_back(
        projected_path(from.objective, frame, trajectory_of(centre, from), "training"));
    if (trajectory) {
      x = y = {};
      for (const double t : frame.paths.back().x) x.hold(t);
      for (const double t : frame.paths.back().y) y.hold(t);
      add_margin(x, y);
    }
  }
  for (size_t k = 0; k < kinds.size(); ++k) {
    if (kinds[k] != DirectionKind::kMinima) continue;
    (k == 0 ? x : y) = {-0.5, 1.5};
    frame.marks.push_back({.label = axes[k].label.substr(kTowards.size()),
                           .x = k == 0 ? 1.0 : 0.0,
                           .y = k == 0 ? 0.0 : 1.0});
  }
  set_grid(o, x, y, frame);
  return frame;
}

SliceFrame through_minima(const SliceOptions& o, const FrameSources& from) {
  const size_t needed = o.kind == SliceKind::kPlane ? 3 : 2;
  auto ids = o.minima;
  if (ids.empty()) ids = {0, 1, 2};
  ids.resize(needed);
  const auto most = *std::max_element(ids.begin(), ids.end()) + 1;
  SliceFrame frame{.kind = o.kind};
  std::vector<Tensor> points;
  std::vector<std::string> names;
  for (const auto id : ids) {
    const auto& m = minimum_of(id, most, from.minima);
    const auto& theta = m.endpoint.theta;
    points.push_back(points.empty() ? theta
                                    : match_units(from.layout, points[0], theta).moved);
    names.push_back(label_of(m));
    frame.marks.push_back({.label = names.back()});
  }
  frame.origin = points[0].contiguous();
  const auto ab = (points[1] - points[0]).contiguous();
  const double length = ab.norm().item<double>();
  if (!(length > 0)) throw FrameProblem{"needs minima that are not equal"};
  if (o.kind == SliceKind::kPlane) {
    // Orthonormal axes, the first along A → B.
    frame.u = ab / length;
    const auto ac = points[2] - points[0];
    const double along = ac.dot(frame.u).item<double>();
    const auto rest = ac - frame.u * along;
    const double height = rest.norm().item<double>();
    if (!(height > 1e-9 * length))
      throw FrameProblem{"needs three minima that are not on a line"};
    frame.v = rest / height;
    frame.marks[1].x = length;
    frame.marks[2].x = along;
    frame.marks[2].y = height;
    Box x{std::min(0.0, along), std::max(length, along)}, y{0, height};
    add_margin(x, y);
    set_grid(o, x, y, frame);
    frame.x_label = fmt::format("distance from {} towards {}", names[0], names[1]);
    frame.y_label = fmt::format("across, towards {}", names[2]);
  } else {
    frame.u = ab;
    frame.v = at::zeros_like(ab);
    frame.marks[1].x = 1;
    set_grid(o, {-0.5, 1.5}, {}, frame);
    frame.x_label = fmt::format("0: {}, 1: {}", names[0], names[1]);
  }
  frame.recipe =
      fmt::format("through {}, units matched to the first", fmt::join(names, ", "));
  return frame;
}

}  // namespace

DirectionKind direction_kind(const std::string& word) {
  const auto at = std::find(kDirectionNames.begin(), kDirectionNames.end(), word);
  require(at != kDirectionNames.end(), "direction_kind: not a direction");
  return static_cast<DirectionKind>(at - kDirectionNames.begin());
}

std::vector<DirectionKind> axis_kinds(const SliceOptions& options) {
  const size_t count = options.kind == SliceKind::kPlane ? 2 : 1;
  std::vector<DirectionKind> out;
  for (size_t k = 0; k < count; ++k)
    out.push_back(
        direction_kind(options.directions[std::min(k, options.directions.size() - 1)]));
  return out;
}

std::vector<SliceOptions> expanded(const SliceOptions& options,
                                   const std::vector<Minimum>& minima) {
  std::vector<SliceOptions> out{options};
  if (options.center == "every") {
    out.clear();
    for (size_t i = 0; i < std::min(kMostEvery, minima.size()); ++i) {
      out.push_back(options);
      out.back().center = std::to_string(i);
      out.back().name = fmt::format("{}_{}", options.name, i);
    }
  }
  if (options.repeats == 1) return out;
  std::vector<SliceOptions> all;
  for (const auto& each : out) {
    for (int64_t r = 0; r < options.repeats; ++r) {
      all.push_back(each);
      all.back().draw = options.draw + r;
      all.back().name = fmt::format("{}_draw{}", each.name, options.draw + r);
    }
  }
  return all;
}

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

FrameOrProblem make_frame(const SliceOptions& options, const FrameSources& sources) {
  try {
    const auto kinds = axis_kinds(options);
    const bool through = std::all_of(kinds.begin(), kinds.end(), [](DirectionKind k) {
      return k == DirectionKind::kMinima;
    });
    auto frame = through ? through_minima(options, sources) : centred(options, sources);
    frame.name = frame.series = options.name;
    add_overlays(options, sources, frame);
    find_slice_losses(sources.objective, frame);
    return {frame, ""};
  } catch (const FrameProblem& problem) {
    return {{}, problem.text};
  }
}

}  // namespace basin
