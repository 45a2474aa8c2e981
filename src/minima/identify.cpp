#include "minima/identify.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "core/stop.h"
#include "minima/connected.h"
#include "minima/levels.h"
#include "minima/matching.h"
#include "minima/null_sources.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

/// What two points are compared by. The canonical form merges duplicate units, which
/// near a duplicate is a matter of the last digits: θ as it is decides as well.
struct Shape {
  Canonical form;
  Tensor invariants;  // of the form
  Tensor plain;       // of θ itself
};

constexpr size_t kShapesAtOnce = 256;  // made by all threads, kept in memory

struct Class {
  Shape shape;  // of the representative
  size_t representative;
  std::vector<size_t> members;
  bool proved = true;
  double margin = Endpoint::kNan;
};

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

// A linear network whose layers the canonical form made one: there is no g to check.
bool is_collapsed(const MinimaProblem& problem, const Canonical& form) {
  return form.layout.layers.size() != problem.layout.layers.size();
}

// f(g·θ) = f(θ) for what leads to a canonical form. `moved` is of the layout of one.
bool keeps_function(const MinimaProblem& problem,
                    const Tensor& theta,
                    const Tensor& moved,
                    double tolerance) {
  const auto a = function_of(problem, theta);
  const auto b = function_of(problem, in_network(problem.layout, moved));
  return greatest(a - b) <= tolerance * (1 + greatest(a));
}

// Where rounding spoils the way to the canonical form (weights near 1e8, say), θ stands
// for itself.
Canonical checked_form(const MinimaProblem& problem, const Tensor& theta) {
  auto own = theta;
  if (problem.decay == 0) {
    // What the samples leave free is no difference, unless some decay feels it.
    const auto probes = problem.objective.layer_probes(theta, {});
    const auto reduced = reduced_on_data(problem.layout, theta, probes);
    const auto both = problem.objective.value(at::stack({theta, reduced}));
    const double change = (both[0] - both[1]).abs().item<double>();
    if (change <= 1e-13 * (1 + both[0].abs().item<double>())) own = reduced;
  }
  auto form = canonical_form(problem.layout, own);
  if (is_collapsed(problem, form) || keeps_function(problem, theta, form.theta, 1e-6))
    return form;
  return {problem.layout, theta.clone()};
}

Shape shape_of(const MinimaProblem& problem, const Tensor& theta) {
  auto form = checked_form(problem, theta);
  auto invariants = signature(form.layout, form.theta);
  return {std::move(form), std::move(invariants), signature(problem.layout, theta)};
}

// Where numbers that no symmetry changes are apart, no matching is needed.
Matching match_if_near(const ParameterLayout& layout,
                       const Tensor& a,
                       const Tensor& b,
                       const Tensor& invariants_a,
                       const Tensor& invariants_b,
                       double tolerance) {
  const auto widest = static_cast<double>(b.size(0));
  const double apart = greatest(invariants_b - invariants_a) / std::sqrt(widest);
  if (apart > tolerance) {
    return {.same = false, .proved = true, .margin = apart - tolerance};
  }
  return match_units(layout, a, b, tolerance);
}

/// What comparing two points says.
Matching compare(const MinimaProblem& problem,
                 const std::vector<Endpoint>& endpoints,
                 const Endpoint& own,
                 const Class& group,
                 const Shape& shape,
                 const MinimaOptions& options) {
  const auto& other = endpoints[group.representative];
  if (own.verdict == Verdict::kDegenerateMinimum ||
      other.verdict == Verdict::kDegenerateMinimum) {
    // Points of a valley: their distance says nothing, their function is compared.
    const auto f = function_of(problem, own.theta),
               g = function_of(problem, other.theta);
    const bool same = own.verdict == other.verdict &&
                      greatest(f - g) <= options.same_function * (1 + greatest(g));
    return {.same = same, .proved = own.verdict != other.verdict || !same};
  }
  const auto& form = group.shape.form;
  const double tolerance = options.same_parameters * (1 + greatest(form.theta));
  const auto match = match_if_near(form.layout,
                                   form.theta,
                                   shape.form.theta,
                                   group.shape.invariants,
                                   shape.invariants,
                                   tolerance);
  const bool holds =
      !match.moved.defined() || is_collapsed(problem, form) ||
      keeps_function(
          problem, in_network(problem.layout, shape.form.theta), match.moved, 1e-9);
  // A move that rounding spoils shows nothing.
  if (!holds) return {.same = false, .proved = false};
  if (match.same) return match;
  auto plain = match_if_near(problem.layout,
                             other.theta,
                             own.theta,
                             group.shape.plain,
                             shape.plain,
                             tolerance);
  if (plain.same) return plain;
  plain.proved = plain.proved && match.proved;
  plain.margin = std::fmin(plain.margin, match.margin);
  return plain;
}

std::vector<size_t> by_loss(const std::vector<Endpoint>& endpoints, bool certified) {
  std::vector<size_t> order;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const auto& e = endpoints[i];
    if (is_candidate(e.verdict) && is_certified(e) == certified) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(endpoints[a].loss, endpoints[a].seed) <
           std::pair(endpoints[b].loss, endpoints[b].seed);
  });
  return order;
}

std::vector<Class> classes_of(const MinimaProblem& problem,
                              const std::vector<Endpoint>& endpoints,
                              const std::vector<size_t>& order,
                              const MinimaOptions& options,
                              int64_t threads) {
  // Equal parameters give losses that differ by no more than this.
  const double window = std::max(
      options.same_loss, 1e3 * options.same_parameters * options.same_parameters);
  std::vector<Class> classes;
  std::vector<Shape> shapes;  // of one block of the order
  for (size_t at = 0; at < order.size(); ++at) {
    check_stop();
    if (at % kShapesAtOnce == 0) {
      shapes.resize(std::min(kShapesAtOnce, order.size() - at));
      parallel_for(static_cast<int64_t>(shapes.size()), threads, [&](int64_t k) {
        const auto& end = endpoints[order[at + static_cast<size_t>(k)]];
        shapes[static_cast<size_t>(k)] = shape_of(problem, end.theta);
      });
    }
    const auto i = order[at];
    const auto& shape = shapes[at % kShapesAtOnce];
    bool placed = false, proved = true;
    double margin = Endpoint::kNan;
    for (size_t c = classes.size(); c-- > 0 && !placed;) {
      auto& group = classes[c];
      if (!near_loss(endpoints[group.members.back()].loss, endpoints[i].loss, window)) {
        if (endpoints[group.representative].loss <
            endpoints[i].loss - window * (2 + std::abs(endpoints[i].loss))) {
          break;
        }
        continue;
      }
      const auto match =
          compare(problem, endpoints, endpoints[i], group, shape, options);
      placed = match.same;
      if (placed) {
        group.members.push_back(i);
      } else {
        proved = proved && match.proved;
        margin = std::fmin(margin, match.margin);
        group.proved = group.proved && match.proved;
        group.margin = std::fmin(group.margin, match.margin);
      }
    }
    if (placed) continue;
    classes.push_back({.shape = shape,
                       .representative = i,
                       .members = {i},
                       .proved = proved,
                       .margin = margin});
  }
  return classes;
}

Minimum minimum_of(const MinimaProblem& problem,
                   const std::vector<Endpoint>& endpoints,
                   const Class& group) {
  Minimum out;
  size_t best = group.representative;
  for (const auto i : group.members) {
    out.seeds.push_back(endpoints[i].seed);
    if (endpoints[i].gradient_norm < endpoints[best].gradient_norm) best = i;
  }
  std::sort(out.seeds.begin(), out.seeds.end());
  out.endpoint = endpoints[best];
  out.log10_orbit = log10_orbit_size(problem.layout, endpoints[best].theta);
  out.proved_distinct = group.proved;
  out.margin = group.margin;
  return out;
}

// By loss; where losses are equal to `same_loss`, by the first seed that came there:
// rounding, which differs from machine to machine, must not number minima.
void order_ties(double same_loss, std::vector<Minimum>& minima) {
  const auto loss = [](const Minimum& m) { return m.endpoint.loss; };
  std::stable_sort(minima.begin(), minima.end(), [&](const auto& a, const auto& b) {
    return loss(a) < loss(b);
  });
  for (auto first = minima.begin(); first != minima.end();) {
    auto last = first + 1;
    while (last != minima.end() && near_loss(loss(*(last - 1)), loss(*last), same_loss))
      ++last;
    std::sort(first, last, [](const auto& a, const auto& b) {
      return a.seeds.front() < b.seeds.front();
    });
    first = last;
  }
}

}  // namespace

std::string label_of(const Minimum& minimum) {
  const bool certified = is_certified(minimum.endpoint);
  return fmt::format("{} {}", certified ? "minimum" : "place", minimum.id);
}

std::vector<Minimum> identify(const MinimaProblem& problem,
                              const std::vector<Endpoint>& endpoints,
                              const MinimaOptions& options,
                              int64_t threads) {
  std::vector<Minimum> minima;
  for (const bool certified : {true, false}) {
    const auto order = by_loss(endpoints, certified);
    std::vector<Minimum> found;
    for (const auto& group : classes_of(problem, endpoints, order, options, threads))
      found.push_back(minimum_of(problem, endpoints, group));
    order_ties(options.same_loss, found);
    minima.insert(minima.end(), found.begin(), found.end());
  }
  for (size_t m = 0; m < minima.size(); ++m) minima[m].id = static_cast<int64_t>(m);
  number_coarser_classes(problem, options, minima);
  number_connected_sets(problem, options, minima);
  return minima;
}

}  // namespace basin
