#include "minima/identify.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/stop.h"
#include "minima/matching.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

struct Class {
  Canonical form;  // of the representative
  size_t representative;
  std::vector<size_t> members;
  bool proved = true;
};

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

// Outputs on the training inputs, as far as the loss sees them.
Tensor function_of(const MinimaProblem& problem, const Tensor& theta) {
  const auto f = problem.objective.outputs(theta.unsqueeze(0).contiguous()).squeeze(0);
  return problem.layout.logit_shift ? f - f.mean(1, /*keepdim=*/true) : f;
}

bool same_function(const Tensor& a, const Tensor& b, double tolerance) {
  return greatest(a - b) <= tolerance * (1 + greatest(a));
}

bool near_loss(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * (1 + std::abs(a));
}

/// Decides whether an endpoint belongs to a class, and checks the symmetry used.
bool belongs(const MinimaProblem& problem,
             const Canonical& candidate,
             const std::vector<Endpoint>& endpoints,
             size_t member,
             Class& group,
             const MinimaOptions& options) {
  const auto match = match_units(group.form.layout, group.form.theta, candidate.theta);
  const double bound = options.same_parameters * (1 + greatest(group.form.theta));
  if (match.distance > bound) {
    // Not equal under the best matching; proved only if there is no other one.
    if (!match.unique && match.residual <= 10 * bound) group.proved = false;
    return false;
  }
  const auto a = function_of(problem, endpoints[group.representative].theta);
  const auto b = function_of(problem, endpoints[member].theta);
  if (greatest(a - b) > 1e3 * options.same_parameters * (1 + greatest(a))) {
    throw NumericError(fmt::format(
        "identify: seeds {} and {} are joined by a symmetry that changes the function",
        endpoints[group.representative].seed,
        endpoints[member].seed));
  }
  return true;
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
                              const MinimaOptions& options) {
  // Equal parameters give losses that differ by no more than this.
  const double window = std::max(
      options.same_loss, 1e3 * options.same_parameters * options.same_parameters);
  std::vector<Class> classes;
  for (const auto i : order) {
    check_stop();
    const auto form = canonical_form(problem.layout, endpoints[i].theta);
    bool placed = false;
    for (size_t c = classes.size(); c-- > 0 && !placed;) {
      auto& group = classes[c];
      if (!near_loss(endpoints[group.members.back()].loss, endpoints[i].loss, window)) {
        if (endpoints[group.representative].loss <
            endpoints[i].loss - window * (2 + std::abs(endpoints[i].loss))) {
          break;
        }
        continue;
      }
      placed = belongs(problem, form, endpoints, i, group, options);
      if (placed) group.members.push_back(i);
    }
    if (!placed) classes.push_back({.form = form, .representative = i, .members = {i}});
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
  return out;
}

void number_coarser_classes(const MinimaProblem& problem,
                            const MinimaOptions& options,
                            std::vector<Minimum>& minima) {
  std::vector<size_t> order(minima.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return minima[a].endpoint.loss < minima[b].endpoint.loss;
  });
  std::vector<Tensor> functions;
  std::vector<size_t> owner;
  int64_t loss_class = -1;
  double last = -std::numeric_limits<double>::infinity();
  for (const auto m : order) {
    auto& minimum = minima[m];
    if (!near_loss(minimum.endpoint.loss, last, options.same_loss)) ++loss_class;
    last = minimum.endpoint.loss;
    minimum.loss_class = loss_class;
    const auto f = function_of(problem, minimum.endpoint.theta);
    int64_t found = -1;
    for (size_t k = functions.size(); k-- > 0 && found < 0;) {
      if (same_function(functions[k], f, options.same_function)) {
        found = static_cast<int64_t>(k);
      }
    }
    if (found < 0) {
      found = static_cast<int64_t>(functions.size());
      functions.push_back(f);
    }
    minimum.function_class = found;
  }
}

}  // namespace

std::string label_of(const Minimum& minimum) {
  const bool certified = is_certified(minimum.endpoint);
  return fmt::format("{} {}", certified ? "minimum" : "place", minimum.id);
}

std::vector<Minimum> identify(const MinimaProblem& problem,
                              const std::vector<Endpoint>& endpoints,
                              const MinimaOptions& options) {
  std::vector<Minimum> minima;
  for (const bool certified : {true, false}) {
    const auto order = by_loss(endpoints, certified);
    for (const auto& group : classes_of(problem, endpoints, order, options)) {
      minima.push_back(minimum_of(problem, endpoints, group));
    }
  }
  for (size_t m = 0; m < minima.size(); ++m) minima[m].id = static_cast<int64_t>(m);
  number_coarser_classes(problem, options, minima);
  return minima;
}

}  // namespace basin
