#include "minima/levels.h"

#include <ATen/Functions.h>

#include <cmath>
#include <numeric>
#include <optional>

#include "core/disjoint_sets.h"
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

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

bool same_function(const Tensor& a, const Tensor& b, double tolerance) {
  return greatest(a - b) <= tolerance * (1 + greatest(a));
}

// Pairs of nearly equal loss, for which `same` decides.
template <typename F>
DisjointSets grouped(const std::vector<Minimum>& minima,
                     const std::vector<size_t>& order,
                     double window,
                     F&& same) {
  DisjointSets out(minima.size());
  for (size_t i = 0; i < order.size(); ++i) {
    for (size_t j = i; j-- > 0;) {
      const auto a = order[i], b = order[j];
      if (!near_loss(minima[a].endpoint.loss, minima[b].endpoint.loss, window)) break;
      if (out.root(a) != out.root(b) && same(a, b)) out.unite(a, b);
    }
  }
  return out;
}

// Minima that a symmetry of the data takes into each other.
DisjointSets grouped_by_data(const MinimaProblem& problem,
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

}  // namespace

Tensor function_of(const MinimaProblem& problem, const Tensor& theta) {
  const auto f = problem.objective.outputs(theta.unsqueeze(0).contiguous()).squeeze(0);
  return problem.layout.logit_shift ? f - f.mean(1, /*keepdim=*/true) : f;
}

bool near_loss(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * (1 + std::abs(a));
}

std::vector<size_t> order_by_loss(const std::vector<Minimum>& minima) {
  std::vector<size_t> order(minima.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return minima[a].endpoint.loss < minima[b].endpoint.loss;
  });
  return order;
}

void number_coarser_classes(const MinimaProblem& problem,
                            const MinimaOptions& options,
                            std::vector<Minimum>& minima) {
  const auto order = order_by_loss(minima);
  const double window = std::max(options.same_loss, 1e2 * options.same_function);
  std::vector<Tensor> outputs;
  std::vector<std::optional<ReluFunction>> forms;
  const auto blocks = problem.objective.kink_blocks();
  for (const auto& m : minima) {
    outputs.push_back(function_of(problem, m.endpoint.theta));
    forms.push_back(relu_function(problem.layout, blocks, m.endpoint.theta));
  }
  const auto set = [&](DisjointSets grouping, int64_t Minimum::*field) {
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

std::vector<std::string> levels_of(const std::vector<Minimum>& minima) {
  std::vector<std::string> out{"parameters"};
  if (!minima.empty() && minima.front().symmetry_class >= 0) out.push_back("symmetry");
  if (!minima.empty() && minima.front().everywhere_class >= 0) {
    out.push_back("everywhere");
  }
  out.push_back("function");
  if (!minima.empty() && minima.front().connected_class >= 0) {
    out.push_back("connected");
  }
  out.push_back("loss");
  return out;
}

int64_t class_at(const Minimum& m, const std::string& level) {
  if (level == "parameters") return m.id;
  if (level == "symmetry") return m.symmetry_class;
  if (level == "everywhere") return m.everywhere_class;
  if (level == "connected") return m.connected_class;
  return level == "function" ? m.function_class : m.loss_class;
}

}  // namespace basin
