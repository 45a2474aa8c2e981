// One search for a pass between two minima.

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "connectivity/graph.h"
#include "minima/balance.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kSameSaddle = 1e-6;

// A relaxed band, with images added where it is too coarse.
Band relaxed(const MinimaProblem& problem,
             const Tensor& a,
             const Tensor& b,
             const ConnectivityOptions& o) {
  const BandOptions options{.iterations = o.iterations,
                            .force_tolerance = o.force_tolerance};
  auto band = relax_band(problem.objective, straight_images(a, b, o.images), options);
  for (int round = 0; round < 3; ++round) {
    const auto more = with_more_images(problem.objective, band, o.max_images);
    if (more.size(0) == band.images.size(0)) break;
    const auto before = band.iterations;
    band = relax_band(problem.objective, more, options);
    band.iterations += before;
  }
  return band;
}

void measure_bound(const MinimaProblem& problem, const Band& band, Attempt& out) {
  out.bound = *std::max_element(band.loss.begin(), band.loss.end());
  out.searched = band.images.size(0) - 1;
  for (int64_t i = 0; i < out.searched; ++i) {
    const auto high = highest_on(problem.objective, band.images[i], band.images[i + 1]);
    out.bound = std::max(out.bound, high.loss);
  }
  if (!std::isfinite(out.bound)) out.bound = std::numeric_limits<double>::infinity();
}

// Images that are higher than both neighbours.
std::vector<int64_t> tops_of(const Band& band) {
  std::vector<int64_t> out;
  for (size_t i = 1; i + 1 < band.loss.size(); ++i) {
    if (band.loss[i] >= band.loss[i - 1] && band.loss[i] > band.loss[i + 1])
      out.push_back(static_cast<int64_t>(i));
  }
  std::sort(out.begin(), out.end(), [&](int64_t x, int64_t y) {
    return band.loss[static_cast<size_t>(x)] > band.loss[static_cast<size_t>(y)];
  });
  return out;
}

void climb(const MinimaProblem& problem,
           const Band& band,
           const MinimaOptions& minima,
           Attempt& out) {
  std::vector<Tensor> seen;
  const auto note = [&](const std::string& text) {
    if (out.problem.empty()) out.problem = text;
  };
  for (const auto top : tops_of(band)) {
    const auto found = find_saddle(problem.objective,
                                   band.images[top].contiguous(),
                                   {},
                                   {.gradient_tolerance = minima.gradient_tolerance,
                                    .zero_modes = symmetry_modes(problem)});
    if (!found.converged) {
      note(fmt::format("eigenvector-following ended with a gradient of {:.1e}",
                       found.gradient_norm));
      continue;
    }
    const bool again = std::any_of(seen.begin(), seen.end(), [&](const Tensor& s) {
      return (s - found.theta).norm().item<double>() < kSameSaddle;
    });
    if (again) continue;
    seen.push_back(found.theta);
    auto crossing = cross(problem, found.theta, minima);
    if (!crossing.proved) {
      note(crossing.problem);
      continue;
    }
    out.crossings.push_back(std::move(crossing));
  }
}

}  // namespace

PairAlignment align_pair(const MinimaProblem& problem,
                         const SampledObjective* held_out,
                         const Graph& graph,
                         const Pair& pair,
                         const ConnectivityOptions& options,
                         uint64_t seed) {
  const auto& a = node_of(graph, pair.a).endpoint.theta;
  const auto& b = node_of(graph, pair.b).endpoint.theta;
  PairAlignment out;
  const auto add = [&](const Tensor& from, const Tensor& to, const char* gauge) {
    auto found = align(problem,
                       held_out,
                       from,
                       to,
                       {.restarts = options.restarts,
                        .exhaustive = options.exhaustive,
                        .keep = std::max<int64_t>(8, options.variants),
                        .seed = seed});
    out.exhaustive = found.exhaustive;
    out.a = from;
    out.b.clear();
    for (auto& c : found.candidates) {
      if (static_cast<int64_t>(out.b.size()) < options.variants)
        out.b.push_back(c.moved);
      // The lines are kept for their numbers alone.
      c.moved = Tensor();
      c.element.clear();
      c.method = fmt::format("{}, {}", gauge, c.method);
      out.lines.push_back(std::move(c));
    }
  };
  add(a, b, "stored");
  // Bands run in the balanced gauge where there is one: its lines are the shorter ones.
  if (can_balance(problem.layout))
    add(balanced(problem.layout, a), balanced(problem.layout, b), "balanced");
  return out;
}

Attempt join(const MinimaProblem& problem,
             const PairAlignment& aligned,
             const Pair& pair,
             const ConnectivityOptions& options,
             const MinimaOptions& minima) {
  Attempt out{.a = pair.a,
              .b = pair.b,
              .variant = pair.variant,
              .exhaustive = aligned.exhaustive};
  if (pair.variant >= static_cast<int64_t>(aligned.b.size())) {
    out.aligned = false;
    return out;
  }
  if (pair.variant == 0) out.lines = aligned.lines;
  const auto& start = aligned.a;
  const auto& end = aligned.b[static_cast<size_t>(pair.variant)];
  if (options.curve != CurveKind::kNone) {
    const auto curve = optimise_curve(problem.objective,
                                      start,
                                      end,
                                      {.kind = options.curve,
                                       .bends = options.bends,
                                       .iterations = options.curve_iterations});
    out.curve_top = curve.top;
    out.curve_note = fmt::format("{} after {} iterations, {} points searched",
                                 curve.converged ? "converged" : "not converged",
                                 curve.iterations,
                                 curve.searched);
  }
  const auto band = relaxed(problem, start, end, options);
  out.images = band.images;
  out.loss = band.loss;
  out.status = name_of(band.status);
  out.force = band.force;
  measure_bound(problem, band, out);
  if (!problem.objective.kink_blocks().empty()) {
    out.problem = "the loss has kinks: the path bounds the pass, no saddle is proved";
  } else if (problem.objective.dimension() > minima.dense_limit) {
    out.problem = "above minima.dense_limit no saddle is certified";
  } else {
    climb(problem, band, minima, out);
  }
  return out;
}

}  // namespace basin
