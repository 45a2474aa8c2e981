// What live units say of the directions round them.

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "curvature/symmetric_eigen.h"
#include "minima/growth_bound.h"

namespace basin {
namespace {

constexpr double kSingular = 1e-7;  // how exactly a live unit is a singular pair
constexpr double kGap = 1e-6;       // of the second singular value below decay

}  // namespace

// Checks that (w, −v) is a singular pair of C = Σ s_n r_n a_nᵀ with value decay, and
// that the next one along the kinks is below.
bool GrowthBound::add_live(const LiveUnit& unit) {
  const auto m = static_cast<int64_t>(m_), n = static_cast<int64_t>(n_);
  const auto a = at::tensor(a_, torch::kFloat64).view({n, m});
  const auto r = at::tensor(r_, torch::kFloat64).view({n, static_cast<int64_t>(k_)});
  const auto c = at::mm((r * unit.slopes.unsqueeze(1)).t(), a);  // [k, m]
  const auto q = -unit.column;
  const double off =
      std::max((at::mv(c, unit.row) - decay_ * q).norm().item<double>(),
               (at::mv(c.t(), q) - decay_ * unit.row).norm().item<double>());
  // What was left out of the spans of inputs and sensitivities is not part of it.
  const double shorter =
      std::min(unit.row.norm().item<double>(), q.norm().item<double>());
  if (!(off <= kSingular * decay_ && shorter > 1 - kSingular)) return false;
  auto free = c - decay_ * at::outer(q, unit.row);
  const auto second = [&] {
    const auto square = symmetric_eigenvalues(at::mm(free, free.t()));
    return std::sqrt(std::max(0.0, square[-1].item<double>()));
  };
  const auto below = [&] { return second() < (1 - kGap) * decay_; };
  Live out{
      .row = numbers(unit.row), .column = numbers(q), .slopes = numbers(unit.slopes)};
  if (!unit.kinks.empty()) {
    const auto rows = a.index_select(0, at::tensor(unit.kinks, torch::kInt64));
    const auto dual = at::linalg_pinv(rows, 1e-9);  // [m, K], columns b_n
    out.held = !below();
    free = at::mm(free, at::eye(m, torch::kFloat64) - at::mm(dual, rows));
    out.turn = numbers(at::mm(c, dual).norm(2, {0}));
    for (const auto sample : unit.kinks) {
      const auto i = static_cast<size_t>(sample);
      out.kinks.push_back(i);
      out.force.push_back(-dot(&r_[i * k_], out.column.data(), k_));
      out.share.push_back(std::min(out.slopes[i] - low_, high_ - out.slopes[i]));
      if (!(out.force.back() > 0 && out.share.back() > 0)) return false;
    }
  }
  if (!below()) return false;
  live_.push_back(std::move(out));
  return true;
}

// With the live unit's slopes in place of φ, qᵀc(w) is at most qᵀC w, but for samples
// of positive weight that change sides within the boxes. Its kinks cost, to first
// order, what q gains by turning.
bool GrowthBound::excluded_by(const Live& live,
                              const DirectionPair& pair,
                              const Samples& at) const {
  if (at.apart > 0) return false;
  for (size_t i = 0; i < n_; ++i) {
    if (at.most[i] <= 0) continue;
    const double s = live.slopes[i];
    if (at.to[i] > 0 && s < high_) return false;
    if (at.from[i] < 0 && s > low_) return false;
  }
  if (k_ == 1 || !live.held) return true;
  // q = β q_live + f over the box.
  const double centre = dot(pair.column.centre.data(), live.column.data(), k_);
  const double least = centre - reach(live.column.data(), pair.column);
  if (!(least > 0)) return false;
  double square = 0;
  for (size_t o = 0; o < k_; ++o) {
    square += std::pow(pair.column.centre[o] - centre * live.column[o], 2);
  }
  const double turned = std::sqrt(square) + length(pair.column.half);
  for (size_t j = 0; j < live.kinks.size(); ++j) {
    const double* r = &r_[live.kinks[j] * k_];
    const double size = std::sqrt(dot(r, r, k_));
    const double cost = live.share[j] * (least * live.force[j] - turned * size);
    if (!(turned * live.turn[j] <= cost)) return false;
  }
  return true;
}

}  // namespace basin
