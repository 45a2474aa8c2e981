#include "connectivity/alignment.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "connectivity/exhaustive.h"
#include "core/error.h"
#include "core/random.h"
#include "core/stop.h"
#include "minima/assignment.h"
#include "minima/matching.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int kMostSweeps = 100;

// How alike unit i of A and unit j of B are, by what they read and by what reads them.
struct Likeness {
  Tensor rows, columns;  // [n, n]
};

Likeness likeness(const UnitGroup& group, const LayerViews& a, const LayerViews& b) {
  Likeness out{at::zeros({group.units, group.units}, torch::kFloat64),
               at::zeros({group.units, group.units}, torch::kFloat64)};
  for (const auto l : group.layers) {
    out.rows += at::mm(a.weight[l], b.weight[l].t());
    if (a.bias[l].defined()) out.rows += at::outer(a.bias[l], b.bias[l]);
  }
  for (const auto l : group.readers)
    out.columns += at::mm(a.weight[l].t(), b.weight[l]);
  return out;
}

// The move of greatest total likeness.
UnitMove best_move(const UnitGroup& group, const Likeness& like) {
  Tensor total, flip;
  if (group.sign_flip || group.reflection != 0) {
    const auto sum = like.rows + like.columns;
    total = sum.abs();
    flip = sum < 0;
  } else if (group.even_flip) {
    total = like.rows.abs() + like.columns;
    flip = like.rows < 0;
  } else {
    total = like.rows + like.columns;
    flip = at::zeros_like(total).to(torch::kBool);
  }
  const auto cost = (-total).contiguous();
  const auto n = group.units;
  UnitMove out{.from = solve_assignment(
                   {cost.data_ptr<double>(), cost.data_ptr<double>() + n * n}, n),
               .sign = at::ones({n}, torch::kFloat64)};
  for (int64_t i = 0; i < n; ++i) {
    if (flip[i][out.from[static_cast<size_t>(i)]].item<bool>()) out.sign[i] = -1;
  }
  return out;
}

// `next` after `first`: unit i becomes what `next` takes from what `first` made.
UnitMove after(const UnitMove& next, const UnitMove& first) {
  UnitMove out{.sign = next.sign.clone()};
  for (size_t i = 0; i < next.from.size(); ++i) {
    const auto j = next.from[i];
    out.from.push_back(first.from[static_cast<size_t>(j)]);
    out.sign[static_cast<int64_t>(i)] *= first.sign[j];
  }
  if (first.turn.defined()) {
    const auto before =
        first.turn.index_select(0, at::tensor(next.from, torch::kInt64));
    out.turn = next.sign * before;
  }
  if (next.turn.defined())
    out.turn = out.turn.defined() ? out.turn + next.turn : next.turn;
  return out;
}

SymmetryElement random_element(const ParameterLayout& layout, RandomStream& random) {
  auto out = identity_element(layout);
  for (size_t k = 0; k < out.size(); ++k) {
    out[k].from = random.permutation(layout.groups[k].units);
    if (!layout.groups[k].flips()) continue;
    for (int64_t i = 0; i < layout.groups[k].units; ++i)
      if (random.below(2) == 1) out[k].sign[i] = -1;
  }
  return out;
}

// Units matched by their answers on the samples: the readers' inputs.
SymmetryElement match_activations(const MinimaProblem& problem,
                                  const Tensor& a,
                                  const Tensor& b) {
  auto out = identity_element(problem.layout);
  const auto of_a = problem.objective.layer_probes(a, {});
  const auto of_b = problem.objective.layer_probes(b, {});
  if (of_a.empty()) return out;
  for (size_t k = 0; k < out.size(); ++k) {
    const auto& group = problem.layout.groups[k];
    if (group.readers.empty()) continue;
    const auto reader = static_cast<size_t>(group.readers.back());
    const double middle =
        group.reflection / 2 * static_cast<double>(group.readers.size());
    const auto x = of_a[reader].inputs - middle, y = of_b[reader].inputs - middle;
    const auto correlation = at::mm(x.t(), y);
    Likeness like{correlation, at::zeros_like(correlation)};
    if (group.even_flip) like = {at::zeros_like(correlation), correlation};
    out[k] = best_move(group, like);
    if (!group.even_flip) continue;
    // The answers do not tell a sign; the weights do.
    const auto rows =
        likeness(group, layer_views(problem.layout, a), layer_views(problem.layout, b))
            .rows;
    for (int64_t i = 0; i < group.units; ++i) {
      const bool turned =
          rows[i][out[k].from[static_cast<size_t>(i)]].item<double>() < 0;
      out[k].sign[i] = turned ? -1.0 : 1.0;
    }
  }
  return out;
}

void check_function(const MinimaProblem& problem,
                    const Tensor& b,
                    const Tensor& moved) {
  const auto both = problem.objective.outputs(at::stack({b, moved}));
  const double off = (both[0] - both[1]).abs().max().item<double>();
  const double scale = 1 + both[0].abs().max().item<double>();
  if (!(off <= 1e-9 * scale)) {
    throw NumericError(
        fmt::format("align: a symmetry changes the outputs by {:.1e}", off));
  }
}

}  // namespace

SymmetryElement match_weights(const ParameterLayout& layout,
                              const Tensor& a,
                              const Tensor& b,
                              const SymmetryElement& start) {
  auto element = start;
  const auto from = layer_views(layout, a);
  auto best = (a - moved(layout, element, b)).norm().item<double>();
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    check_stop();
    const double before = best;
    for (size_t k = 0; k < layout.groups.size(); ++k) {
      const auto current = moved(layout, element, b);
      const auto move =
          best_move(layout.groups[k],
                    likeness(layout.groups[k], from, layer_views(layout, current)));
      auto trial = element;
      trial[k] = after(move, element[k]);
      const double distance = (a - moved(layout, trial, b)).norm().item<double>();
      if (distance < best * (1 - 1e-12)) {
        best = distance;
        element = trial;
      }
    }
    if (!(best < before)) break;
  }
  return element;
}

Alignment align(const MinimaProblem& problem,
                const SampledObjective* held_out,
                const Tensor& a,
                const Tensor& b,
                const AlignmentOptions& options) {
  const auto& layout = problem.layout;
  Alignment out{.log10_order = log10_group_order(layout)};
  const auto add = [&](const char* method, const SymmetryElement& element) {
    AlignmentCandidate c{
        .method = method, .element = element, .moved = moved(layout, element, b)};
    // Units that decay has brought to zero may be exchanged without a difference.
    const double close = 1e-9 * (1 + b.norm().item<double>());
    for (const auto& known : out.candidates) {
      if ((known.moved - c.moved).norm().item<double>() <= close) return;
    }
    check_function(problem, b, c.moved);
    c.distance = (a - c.moved).norm().item<double>();
    c.line = line_barrier(problem.objective, held_out, a, c.moved);
    out.candidates.push_back(std::move(c));
  };
  const auto identity = identity_element(layout);
  add("none", identity);
  if (!layout.groups.empty()) {
    const auto sweep = match_units(layout, a, b).moves;
    const auto activations = match_activations(problem, a, b);
    add("sweep", sweep);
    add("activations", activations);
    for (const auto& start : {identity, sweep, activations})
      add("weights", match_weights(layout, a, b, start));
    RandomStream random(options.seed, Stream::kMatching, 0);
    for (int64_t r = 0; r < options.restarts; ++r)
      add("weights", match_weights(layout, a, b, random_element(layout, random)));
    const double most =
        std::log10(static_cast<double>(std::max<int64_t>(options.exhaustive, 1))) +
        1e-9;
    if (out.log10_order <= most) {
      const auto found = lowest_elements(problem.objective, layout, a, b, options.keep);
      for (const auto& element : found) add("exhaustive", element);
      out.exhaustive = true;
    }
  } else {
    out.exhaustive = true;
  }
  // No barrier, to rounding: the nearest comes first.
  const auto rank = [](const AlignmentCandidate& c) {
    const auto& l = c.line.loss;
    const bool none = l.pass <= 1e-12 * (1 + std::abs(l.top));
    return std::pair(none ? 0.0 : l.pass, c.distance);
  };
  std::stable_sort(out.candidates.begin(),
                   out.candidates.end(),
                   [&](const auto& x, const auto& y) { return rank(x) < rank(y); });
  for (size_t i = 0; i < out.candidates.size(); ++i)
    if (out.candidates[i].method == "none") out.raw = i;
  return out;
}

}  // namespace basin
