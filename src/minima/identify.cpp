#include "minima/identify.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "core/stop.h"
#include "minima/data_symmetry.h"
#include "minima/matching.h"
#include "minima/permuted_matrix.h"
#include "minima/relu_function.h"
#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr size_t kMostDataSymmetries = 5000;

struct Class {
  Canonical form;  // of the representative
  Tensor invariants;
  size_t representative;
  std::vector<size_t> members;
  bool proved = true;
  double margin = Endpoint::kNan;
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

// f(g·θ) = f(θ) for the reduction and gauge that lead to the canonical form.
void check_symmetry(const MinimaProblem& problem,
                    const Tensor& theta,
                    const Tensor& moved,
                    double tolerance) {
  const auto size = problem.objective.dimension();
  if (moved.size(0) != size || theta.size(0) != size) return;  // collapsed: linear
  const auto a = function_of(problem, theta);
  const double off = greatest(a - function_of(problem, moved));
  if (!(off <= tolerance * (1 + greatest(a)))) {
    throw NumericError(fmt::format(
        "identify: a symmetry changes the function by {:.1e}, which it must not", off));
  }
}

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
  check_symmetry(problem, theta, form.theta, 1e-6);
  return form;
}

/// What comparing two points says. Where the loss, or numbers that no symmetry changes,
/// are apart, no matching is needed.
Matching compare(const MinimaProblem& problem,
                 const Class& group,
                 const Canonical& form,
                 const Tensor& invariants,
                 const MinimaOptions& options) {
  const double tolerance = options.same_parameters * (1 + greatest(group.form.theta));
  const auto widest = static_cast<double>(form.theta.size(0));
  const double apart = greatest(invariants - group.invariants) / std::sqrt(widest);
  if (apart > tolerance) {
    return {.same = false, .proved = true, .margin = apart - tolerance};
  }
  const auto match =
      match_units(group.form.layout, group.form.theta, form.theta, tolerance);
  check_symmetry(problem, form.theta, match.moved, 1e-9);
  return match;
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
    const auto form = checked_form(problem, endpoints[i].theta);
    const auto invariants = signature(form.layout, form.theta);
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
      const auto match = compare(problem, group, form, invariants, options);
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
    classes.push_back({.form = form,
                       .invariants = invariants,
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

/// Numbers given to minima in the order of their losses: equal ones get the same.
class Grouping {
 public:
  explicit Grouping(const std::vector<Minimum>& minima) : parent_(minima.size()) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }
  size_t root(size_t m) const {
    while (parent_[m] != m) m = parent_[m];
    return m;
  }
  void join(size_t a, size_t b) { parent_[root(a)] = root(b); }

  // Class numbers, counted along `order`.
  std::vector<int64_t> numbers(const std::vector<size_t>& order) const {
    std::vector<int64_t> out(parent_.size(), -1);
    int64_t next = 0;
    for (const auto m : order) {
      auto& number = out[root(m)];
      if (number < 0) number = next++;
    }
    for (size_t m = 0; m < out.size(); ++m) out[m] = out[root(m)];
    return out;
  }

 private:
  std::vector<size_t> parent_;
};

// Pairs of nearly equal loss, for which `same` decides.
template <typename F>
Grouping grouped(const std::vector<Minimum>& minima,
                 const std::vector<size_t>& order,
                 double window,
                 F&& same) {
  Grouping out(minima);
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t j = i; j-- > 0;) {
      const auto a = order[i], b = order[j];
      if (!near_loss(minima[a].endpoint.loss, minima[b].endpoint.loss, window)) break;
      if (out.root(a) != out.root(b) && same(a, b)) out.join(a, b);
    }
  }
  return out;
}

// Minima that a symmetry of the data takes into each other.
Grouping grouped_by_data(const MinimaProblem& problem,
                         const MinimaOptions& options,
                         const std::vector<Minimum>& minima,
                         const std::vector<size_t>& order,
                         double window) {
  auto group = closure(problem.data_symmetries, kMostDataSymmetries);
  // Too many to list: units that are added up and permuted inputs make one matrix with
  // free rows and columns; otherwise only the generators are tried.
  const bool by_matrix = group.empty() && problem.all_input_permutations &&
                         problem.layout.layers.size() == 1;
  if (group.empty()) group = problem.data_symmetries;
  std::vector<std::vector<Canonical>> images(minima.size());
  const auto images_of = [&](size_t m) -> const std::vector<Canonical>& {
    if (images[m].empty()) {
      for (const auto& g : group) {
        const auto moved = transformed(problem.layout, g, minima[m].endpoint.theta);
        images[m].push_back(canonical_form(problem.layout, moved));
      }
    }
    return images[m];
  };
  return grouped(minima, order, window, [&](size_t a, size_t b) {
    check_stop();
    const auto own = canonical_form(problem.layout, minima[b].endpoint.theta);
    const double tolerance = options.same_parameters * (1 + greatest(own.theta));
    if (by_matrix) {
      const auto& layer = problem.layout.layers.front();
      const auto w = [&](size_t m) {
        return minima[m].endpoint.theta.view({layer.rows, layer.columns});
      };
      return match_permuted(w(a), w(b), tolerance) == PermutedAnswer::kSame;
    }
    for (const auto& image : images_of(a)) {
      if (match_units(own.layout, own.theta, image.theta, tolerance).same) return true;
    }
    return false;
  });
}

void number_coarser_classes(const MinimaProblem& problem,
                            const MinimaOptions& options,
                            std::vector<Minimum>& minima) {
  std::vector<size_t> order(minima.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return minima[a].endpoint.loss < minima[b].endpoint.loss;
  });
  const double window = std::max(options.same_loss, 1e2 * options.same_function);
  std::vector<Tensor> outputs;
  std::vector<std::optional<ReluFunction>> forms;
  const auto blocks = problem.objective.kink_blocks();
  for (const auto& m : minima) {
    outputs.push_back(function_of(problem, m.endpoint.theta));
    forms.push_back(relu_function(problem.layout, blocks, m.endpoint.theta));
  }
  const auto set = [&](const Grouping& grouping, int64_t Minimum::*field) {
    const auto numbers = grouping.numbers(order);
    for (size_t m = 0; m < minima.size(); ++m) minima[m].*field = numbers[m];
  };
  set(grouped(minima, order, options.same_loss, [](size_t, size_t) { return true; }),
      &Minimum::loss_class);
  set(grouped(minima,
              order,
              window,
              [&](size_t a, size_t b) {
                return same_function(outputs[a], outputs[b], options.same_function);
              }),
      &Minimum::function_class);
  if (!forms.empty() && forms.front()) {
    set(grouped(minima,
                order,
                window,
                [&](size_t a, size_t b) {
                  return same_everywhere(*forms[a], *forms[b], options.same_function);
                }),
        &Minimum::everywhere_class);
  }
  if (!problem.data_symmetries.empty()) {
    set(grouped_by_data(problem, options, minima, order, window),
        &Minimum::symmetry_class);
  }
}

}  // namespace

std::string label_of(const Minimum& minimum) {
  const bool certified = is_certified(minimum.endpoint);
  return fmt::format("{} {}", certified ? "minimum" : "place", minimum.id);
}

std::vector<std::string> levels_of(const std::vector<Minimum>& minima) {
  std::vector<std::string> out{"parameters"};
  if (!minima.empty() && minima.front().symmetry_class >= 0) out.push_back("symmetry");
  if (!minima.empty() && minima.front().everywhere_class >= 0) {
    out.push_back("everywhere");
  }
  out.push_back("function");
  out.push_back("loss");
  return out;
}

int64_t class_at(const Minimum& m, const std::string& level) {
  if (level == "parameters") return m.id;
  if (level == "symmetry") return m.symmetry_class;
  if (level == "everywhere") return m.everywhere_class;
  return level == "function" ? m.function_class : m.loss_class;
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
