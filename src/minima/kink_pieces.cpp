#include "minima/kink_pieces.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/kink_blocks.h"
#include "core/numbers.h"
#include "minima/kink_system.h"
#include "minima/same_sites.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kDependent = 1e-9;  // singular values of unit rows
constexpr double kNoWeight = 1e-12;
constexpr double kAlike = 1e-10;  // weights that are one

// Slopes in which every active site has that of its lower side.
Tensor lower_slopes(const Objective& objective,
                    const Tensor& theta,
                    const Tensor& active) {
  const auto table = site_table(objective);
  return side_slopes(objective, theta)
      .index_copy(0, active, table.low.index_select(0, active));
}

// Sample and layer of each site.
struct Where {
  std::vector<int64_t> sample;
  std::vector<size_t> block;
};

Where where_of(const std::vector<KinkBlock>& blocks,
               const std::vector<int64_t>& sites) {
  Where out;
  for (const auto site : sites) {
    const auto& block = block_of(blocks, site);
    out.sample.push_back((site - block.offset) % block.samples);
    out.block.push_back(static_cast<size_t>(&block - blocks.data()));
  }
  return out;
}

// Sites in turns, of each sample one in a turn.
std::vector<std::vector<int64_t>> in_turns(const Where& where) {
  std::vector<std::vector<int64_t>> out;
  std::map<int64_t, size_t> seen;
  for (size_t i = 0; i < where.sample.size(); ++i) {
    const auto turn = seen[where.sample[i]]++;
    if (turn == out.size()) out.emplace_back();
    out[turn].push_back(static_cast<int64_t>(i));
  }
  return out;
}

bool is_alike(const std::vector<KinkPieces::Read>& x,
              const std::vector<KinkPieces::Read>& y) {
  return std::equal(
      x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
        return p.from == q.from &&
               std::abs(p.weight - q.weight) <= kAlike * std::abs(p.weight);
      });
}

}  // namespace

Tensor same_but_for_kinks(const MinimaProblem& problem,
                          const Tensor& z,
                          const std::vector<int64_t>& active,
                          const std::vector<UnitId>& zeroed) {
  const auto quiet = z.index_fill(0, index_of(active), -z.abs().max().item<double>());
  return same_sites(problem.layout, problem.objective.kink_blocks(), quiet, zeroed);
}

PiecesAt pieces_at(const MinimaProblem& problem,
                   const Tensor& theta,
                   const Tensor& free,
                   const Tensor& z,
                   const KinkPlace& place) {
  PiecesAt out;
  const auto& objective = problem.objective;
  const auto active = index_of(place.active);
  const auto n = place.active.size();
  const auto low = lower_slopes(objective, theta, active);
  const auto width = widths_of(site_table(objective), active);
  const auto frozen = objective.frozen(low);
  const auto rows_at = [&](const FrozenObjective& with) {
    return with.argument_gradients(theta, active).index_select(1, free);
  };
  const auto rows = rows_at(*frozen);
  const auto gradient = frozen->value_and_gradient(theta.unsqueeze(0).contiguous())
                            .gradient.squeeze(0)
                            .index_select(0, free);

  // Coordinates: what the rows, of unit length, span.
  const auto length = rows.norm(2, {1}, true).clamp_min(1e-300);
  const auto [u, s, vt] = at::linalg_svd(rows / length, /*full_matrices=*/false);
  const auto rank = (s > kDependent * s.max()).sum().item<int64_t>();
  const auto span = vt.narrow(0, 0, rank).t();  // [F, r]
  const auto inside = at::mm(rows, span).contiguous();
  auto& pieces = out.pieces;
  out.span = span.contiguous();
  pieces.coordinates = static_cast<size_t>(rank);
  pieces.pull = numbers(at::mv(span.t(), gradient));

  // What one site feeds shows in the others' rows when its slope is the upper one.
  std::vector<std::vector<KinkPieces::Read>> reads(n);
  const auto where = where_of(objective.kink_blocks(), place.active);
  for (const auto& turn : in_turns(where)) {
    const auto index = at::tensor(turn, torch::kInt64);
    const auto slopes =
        low.index_add(0, active.index_select(0, index), width.index_select(0, index));
    const auto more = rows_at(*objective.frozen(slopes)) - rows;
    const auto own = rows.index_select(0, index);
    const auto weight = numbers(at::mm(more, own.t()) / own.square().sum(1));
    for (size_t a = 0; a < n; ++a) {
      for (size_t k = 0; k < turn.size(); ++k) {
        const auto b = static_cast<size_t>(turn[k]);
        const double w = weight[a * turn.size() + k];
        const bool feeds =
            where.sample[a] == where.sample[b] && where.block[b] < where.block[a];
        if (feeds && std::abs(w) > kNoWeight) reads[a].push_back({b, w});
      }
    }
  }

  const auto force =
      numbers(frozen->sensitivities(theta).index_select(0, active) * width);
  const auto same = numbers(same_but_for_kinks(problem, z, place.active, place.zeroed)
                                .index_select(0, active)
                                .to(torch::kFloat64));
  std::vector<int64_t> firsts;
  for (size_t a = 0; a < n; ++a) {
    auto own = reads[a];
    for (auto& read : own) read.from = out.piece[read.from];
    std::sort(own.begin(), own.end(), [](const auto& x, const auto& y) {
      return x.from < y.from;
    });
    size_t known = 0;
    for (; known < firsts.size(); ++known) {
      const auto other = static_cast<size_t>(firsts[known]);
      if (same[a] == same[other] && is_alike(own, pieces.reads[known])) break;
    }
    out.piece.push_back(known);
    if (known == firsts.size()) {
      firsts.push_back(static_cast<int64_t>(a));
      pieces.force.push_back(0);
      pieces.reads.push_back(own);
    }
    pieces.force[known] += force[a];
  }
  pieces.rows = numbers(inside.index_select(0, at::tensor(firsts, torch::kInt64)));
  return out;
}

}  // namespace basin
