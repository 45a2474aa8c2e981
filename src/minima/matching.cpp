#include "minima/matching.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "minima/assignment.h"
#include "minima/symmetry.h"
#include "minima/unit_move.h"

namespace basin {
namespace {

using torch::Tensor;

// Incoming weights of each unit with its bias, and the norm of what it feeds:
// `[units, columns + 2]`. The norm does not change when later units are permuted.
Tensor features(const UnitGroup& group, const LayerViews& at) {
  const auto l = group.layers.front();
  const auto bias = at.bias[l].defined() ? at.bias[l].unsqueeze(1)
                                         : at::zeros({group.units, 1}, torch::kFloat64);
  auto out = at::zeros({group.units}, torch::kFloat64);
  for (const auto r : group.readers) out += at.weight[r].square().sum(0);
  return at::cat({at.weight[l], bias, out.sqrt().unsqueeze(1)}, 1);
}

// Squared distances with the sign, and the half turns, that make them least.
struct SignedDistance {
  Tensor square;  // [n, n]
  Tensor flip;    // [n, n] bool
  Tensor turn;    // [n, n], or undefined
};

// ... with one sign. The bias is the last of a row.
SignedDistance distances_with(const UnitGroup& group,
                              const Tensor& a,
                              const Tensor& b,
                              double sign) {
  auto apart = a.unsqueeze(1) - sign * b;  // [n, n, columns + 1]
  Tensor turn;
  if (group.half_turn != 0) {
    const auto bias = apart.select(2, apart.size(2) - 1);
    turn = (bias / group.half_turn).round();
    bias.sub_(turn, group.half_turn);
  }
  return {.square = apart.square().sum(2), .turn = turn};
}

SignedDistance distances(const UnitGroup& group, const Tensor& a, const Tensor& b) {
  const auto last = a.size(1) - 1;
  const auto rows_a = a.narrow(1, 0, last), rows_b = b.narrow(1, 0, last);
  const auto out = (a.select(1, last).unsqueeze(1) - b.select(1, last)).square();
  auto plus = distances_with(group, rows_a, rows_b, 1);
  plus.flip = at::zeros_like(plus.square).to(torch::kBool);
  if (!group.flips()) {
    plus.square = plus.square + out;
    return plus;
  }
  const auto minus = distances_with(group, rows_a, rows_b, -1);
  const auto flip = minus.square < plus.square;
  return {
      .square = at::minimum(plus.square, minus.square) + out,
      .flip = flip,
      .turn = plus.turn.defined() ? at::where(flip, minus.turn, plus.turn) : Tensor()};
}

double off_diagonal_min(const Tensor& square) {
  if (square.size(0) < 2) return std::numeric_limits<double>::infinity();
  auto copy = square.clone();
  copy.fill_diagonal_(std::numeric_limits<double>::infinity());
  return std::sqrt(copy.min().item<double>());
}

}  // namespace

Matching match_units(const ParameterLayout& layout,
                     const Tensor& a,
                     const Tensor& b,
                     double tolerance) {
  Matching out{.moved = b.clone(),
               .separation = std::numeric_limits<double>::infinity()};
  const auto from = layer_views(layout, a);
  const auto to = layer_views(layout, out.moved);
  bool unique = true;
  double apart = 0;  // every matching leaves an entry at least this far off
  for (const auto& group : layout.groups) {
    const auto own = features(group, from);
    const auto d = distances(group, own, features(group, to));
    const auto flat = d.square.contiguous();
    const auto n = group.units;
    const auto assigned =
        solve_assignment({flat.data_ptr<double>(), flat.data_ptr<double>() + n * n}, n);
    UnitMove move{.from = assigned, .sign = at::ones({n}, torch::kFloat64)};
    if (d.turn.defined()) move.turn = at::zeros({n}, torch::kFloat64);
    double residual = 0, total = 0;
    for (int64_t i = 0; i < n; ++i) {
      const auto j = assigned[static_cast<size_t>(i)];
      const double square = flat[i][j].item<double>();
      total += square;
      residual = std::max(residual, std::sqrt(square));
      if (d.flip[i][j].item<bool>()) move.sign[i] = -1;
      if (d.turn.defined()) move.turn[i] = d.turn[i][j];
    }
    // Some unit is off by the mean cost; of its features, one by this. The last feature
    // is the norm of as many entries as the readers have rows.
    double entries = static_cast<double>(own.size(1) - 1);
    for (const auto l : group.readers) {
      entries += static_cast<double>(layout.layers[static_cast<size_t>(l)].rows);
    }
    if (unique) {
      apart = std::max(apart, std::sqrt(total / static_cast<double>(n) / entries));
    }
    move_units(group, move, to);
    out.moves.push_back(move);
    const double separation = off_diagonal_min(distances(group, own, own).square);
    unique = unique && residual < separation / 2;
    out.residual = std::max(out.residual, residual);
    out.separation = std::min(out.separation, separation);
  }
  out.unique = unique;
  out.distance = (a - out.moved).abs().max().item<double>();
  if (unique) apart = std::max(apart, out.distance);
  out.same = out.distance <= tolerance;
  out.proved = out.same || apart > tolerance;
  out.margin = out.same ? tolerance - out.distance : std::max(0.0, apart - tolerance);
  return out;
}

Tensor signature(const ParameterLayout& layout, const Tensor& theta) {
  const auto at = layer_views(layout, theta);
  std::vector<Tensor> parts;
  for (const auto& group : layout.groups) {
    auto own = features(group, at);
    if (group.half_turn != 0) {
      const auto bias = own.select(1, own.size(1) - 2);
      bias.sub_((bias / group.half_turn).round(), group.half_turn);
    }
    const auto norms = own.norm(2, {1});
    parts.push_back(std::get<0>(norms.sort()));
  }
  for (size_t l = 0; l < layout.layers.size(); ++l) {
    parts.push_back(at.weight[l].norm().reshape({1}));
  }
  return at::cat(parts);
}

double log10_orbit_size(const ParameterLayout& layout, const Tensor& theta) {
  const auto at = layer_views(layout, theta);
  double log10 = 0;
  const auto log10_factorial = [](int64_t n) {
    return std::lgamma(static_cast<double>(n) + 1) / std::log(10.0);
  };
  for (const auto& group : layout.groups) {
    if (group.general_linear) continue;  // a continuum, not a number of copies
    const bool signs = group.flips();
    // What a unit is: everything it reads and everything that reads it.
    std::vector<Tensor> parts{features(group, at)};
    for (const auto l : group.readers) parts.push_back(at.weight[l].t());
    const auto whole = at::cat(parts, 1);
    const double scale = 1e-8 * (1 + whole.abs().max().item<double>());
    log10 += log10_factorial(group.units);
    std::vector<bool> counted(static_cast<size_t>(group.units), false);
    for (int64_t i = 0; i < group.units; ++i) {
      const bool zero = whole[i].abs().max().item<double>() <= scale;
      if (signs && !zero) log10 += std::log10(2.0);
      if (group.half_turn != 0) log10 += std::log10(2.0);
      if (counted[static_cast<size_t>(i)]) continue;
      int64_t equal = 0;
      for (int64_t j = i; j < group.units; ++j) {
        auto other = whole[j].clone();
        const auto columns = layout.layers[group.layers.front()].columns + 1;
        const bool same = (whole[i] - other).abs().max().item<double>() <= scale;
        other.narrow(0, 0, columns).neg_();
        if (group.sign_flip || group.reflection != 0) {
          other.narrow(0, columns + 1, other.numel() - columns - 1).neg_();
        }
        const bool mirrored =
            signs && (whole[i] - other).abs().max().item<double>() <= scale;
        if (same || mirrored) {
          ++equal;
          counted[static_cast<size_t>(j)] = true;
        }
      }
      log10 -= log10_factorial(equal);
    }
  }
  return std::max(0.0, log10);
}

}  // namespace basin
