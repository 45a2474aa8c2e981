#include "landscape/axis.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "landscape/direction.h"
#include "minima/matching.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kAtZero = 1e-8;  // ‖θ‖ up to which a polished endpoint is θ = 0

FrameAxis random_axis(DirectionKind kind,
                      const SliceOptions& o,
                      size_t which,
                      const FrameCentre& centre,
                      const FrameSources& from) {
  const auto index = static_cast<uint64_t>(2 * o.draw) + which;
  const auto label = [&](const char* what) {
    return fmt::format("{} direction {}", what, index);
  };
  const double norm = centre.theta.norm().item<double>();
  const auto size = from.layout.dimension;
  switch (kind) {
    case DirectionKind::kFilter:
      return {filter_direction(from.layout, centre.theta, from.seed, index),
              label("filter-normalised")};
    case DirectionKind::kFilterWithBias:
      return {filter_direction(
                  from.layout, centre.theta, from.seed, index, Biases::kAsWeights),
              label("filter-normalised (biases too)")};
    case DirectionKind::kLayer:
      return {layer_direction(from.layout, centre.theta, from.seed, index),
              label("layer-normalised")};
    case DirectionKind::kUnit:
      return {random_direction(size, from.seed, index, 1.0), label("random unit")};
    default:
      return {random_direction(size, from.seed, index, norm > 0 ? norm : 1.0),
              label("random")};
  }
}

template <typename T>
T entry(const std::vector<T>& list, size_t which, T otherwise) {
  return which < list.size() ? list[which] : otherwise;
}

FrameAxis eigen_axis(const SliceOptions& o,
                     size_t which,
                     FrameCentre& centre,
                     const FrameSources& from) {
  if (!centre.spectrum)
    centre.spectrum = hessian_spectrum(
        from.objective, centre.theta, {.dense_limit = 2000, .lanczos_steps = 100});
  const auto& spectrum = *centre.spectrum;
  const auto count = spectrum.values.size(0);
  const auto rank = entry<int64_t>(o.eigenvectors, which, which == 0 ? 0 : -1);
  const auto row = rank < 0 ? -1 - rank : count - 1 - rank;
  if (row < 0 || row >= count)
    throw FrameProblem{fmt::format("needs eigenvector {}, there are {}", rank, count)};
  return {spectrum.vectors[row].contiguous(),
          fmt::format("eigenvector {} (λ = {:.3g}{})",
                      rank,
                      spectrum.values[row].item<double>(),
                      spectrum.complete ? "" : ", by Lanczos")};
}

FrameAxis principal_axis(size_t which,
                         const FrameCentre& centre,
                         const FrameSources& from) {
  const auto found = principal_components(trajectory_of(centre, from),
                                          static_cast<int64_t>(which) + 1);
  if (found.explained.size(0) <= static_cast<int64_t>(which))
    throw FrameProblem{"needs a trajectory that is not straight"};
  const auto at = static_cast<int64_t>(which);
  return {found.directions[at].contiguous(),
          fmt::format("principal component {} ({:.3g} % of the variance)",
                      which + 1,
                      100 * found.explained[at].item<double>())};
}

FrameAxis file_axis(const SliceOptions& o,
                    size_t which,
                    bool both,
                    const FrameSources& from) {
  const auto rows = from.file(o);
  const auto row = both ? static_cast<int64_t>(which) : 0;
  if (rows.size(0) <= row)
    throw FrameProblem{fmt::format("needs {} rows in its file, there is one", row + 1)};
  return {rows[row].contiguous(), fmt::format("row {} of the file", row)};
}

// θ = 0 has a minimum's name only where it is one.
FrameCentre zero_centre(const FrameSources& from) {
  FrameCentre out{.theta = at::zeros({from.layout.dimension}, torch::kFloat64),
                  .name = "θ = 0"};
  out.bare = true;
  for (const auto& m : from.minima) {
    if (m.endpoint.theta.norm().item<double>() > kAtZero) continue;
    out.name = label_of(m);
    out.seed = m.endpoint.seed;
    out.bare = false;
  }
  return out;
}

}  // namespace

const Minimum& minimum_of(int64_t id,
                          int64_t needed,
                          const std::vector<Minimum>& minima) {
  const auto count = static_cast<int64_t>(minima.size());
  if (id < count) return minima[static_cast<size_t>(id)];
  throw FrameProblem{fmt::format(
      "needs {}, there {} {}",
      needed > 0 ? fmt::format("{} minima", needed) : fmt::format("minimum {}", id),
      count == 1 ? "is" : "are",
      count)};
}

FrameCentre find_centre(const SliceOptions& o, const FrameSources& from) {
  if (o.center == "zero") return zero_centre(from);
  int64_t id = 0;
  if (o.center != "best")
    std::from_chars(o.center.data(), o.center.data() + o.center.size(), id);
  const auto& m = minimum_of(id, 0, from.minima);
  return {m.endpoint.theta, label_of(m), m.endpoint.seed};
}

Tensor trajectory_of(const FrameCentre& centre, const FrameSources& from) {
  const auto points =
      from.trajectory && centre.seed >= 0 ? from.trajectory(centre.seed) : Tensor();
  if (!points.defined() || points.size(0) < 3)
    throw FrameProblem{
        "needs a training trajectory of 3 points or more (ensemble.trajectory_every)"};
  return points;
}

FrameAxis minima_axis(const SliceOptions& o,
                      FrameCentre& centre,
                      const FrameSources& from) {
  const auto a = entry<int64_t>(o.minima, 0, 0), b = entry<int64_t>(o.minima, 1, 1);
  const auto& first = minimum_of(a, std::max(a, b) + 1, from.minima);
  const auto& second = minimum_of(b, std::max(a, b) + 1, from.minima);
  centre = {first.endpoint.theta, label_of(first), first.endpoint.seed};
  return {match_units(from.layout, centre.theta, second.endpoint.theta).moved -
              centre.theta,
          std::string(kTowards) + label_of(second)};
}

FrameAxis make_axis(DirectionKind kind,
                    const SliceOptions& o,
                    size_t which,
                    bool both,
                    FrameCentre& centre,
                    const FrameSources& from) {
  switch (kind) {
    case DirectionKind::kAxes: {
      const auto name = entry<std::string>(o.axes, both ? which : 0, "");
      const auto index = parameter_index(from.layout, name);
      if (index < 0) throw FrameProblem{fmt::format("needs a parameter '{}'", name)};
      auto axis = at::zeros({from.layout.dimension}, torch::kFloat64);
      axis[index] = 1;
      return {axis, name};
    }
    case DirectionKind::kEigenvectors:
      return eigen_axis(o, both ? which : 0, centre, from);
    case DirectionKind::kTrajectory:
      return principal_axis(both ? which : 0, centre, from);
    case DirectionKind::kFile:
      return file_axis(o, which, both, from);
    default:
      return random_axis(kind, o, which, centre, from);
  }
}

}  // namespace basin
