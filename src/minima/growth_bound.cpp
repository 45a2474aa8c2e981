#include "minima/growth_bound.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"

namespace basin {
namespace {

constexpr double kSafety = 1e-9;  // covers the rounding of sums
constexpr int kSweeps = 40;
constexpr double kSmallRow = 1.0 / 8;  // near a live unit q is cut from here
constexpr double kNearLive = 5;        // half widths
constexpr double kSteepest = 1e3;  // slopes beyond those of φ, where a side is known

void append(const std::vector<DirectionPair>& from, std::vector<DirectionPair>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

GrowthBound::GrowthBound(const GrowthProblem& problem)
    : n_(static_cast<size_t>(problem.inputs.size(0))),
      m_(static_cast<size_t>(problem.inputs.size(1))),
      k_(static_cast<size_t>(problem.sensitivity.size(1))),
      a_(numbers(problem.inputs)),
      r_(numbers(problem.sensitivity)),
      low_(problem.low),
      high_(problem.high),
      decay_(problem.decay) {
  for (size_t i = 0; i < n_; ++i) squares_.push_back(dot(&a_[i * m_], &a_[i * m_], m_));
  for (const auto& unit : problem.live) usable_ = usable_ && add_live(unit);
}

std::vector<DirectionPair> GrowthBound::all_directions() const {
  std::vector<DirectionPair> out;
  for (const auto& row : faces(m_)) {
    const DirectionPair pair{row, {}};
    if (k_ > 1) out.push_back(pair);
    if (k_ == 1) append(with_columns(pair), out);
  }
  return out;
}

std::vector<DirectionPair> GrowthBound::with_columns(const DirectionPair& pair) const {
  std::vector<DirectionPair> out;
  for (const auto& column : faces(k_)) out.push_back({pair.row, column});
  return out;
}

std::vector<DirectionPair> GrowthBound::split(const DirectionPair& pair) const {
  const auto w = widest(pair.row);
  const double half = pair.row.half[w];
  std::vector<DirectionPair> out;
  if (pair.column.centre.empty()) {
    const bool near = half < kSmallRow &&
                      std::any_of(live_.begin(), live_.end(), [&](const Live& live) {
                        return meets(live.row, pair.row, kNearLive);
                      });
    if (near) return with_columns(pair);
    for (auto& row : halves(pair.row, w)) out.push_back({row, {}});
    return out;
  }
  const auto q = widest(pair.column);
  if (half >= pair.column.half[q]) {
    for (auto& row : halves(pair.row, w)) out.push_back({row, pair.column});
  } else {
    for (auto& column : halves(pair.column, q)) out.push_back({pair.row, column});
  }
  return out;
}

GrowthBound::Samples GrowthBound::look(const DirectionPair& pair) const {
  Samples out{std::vector<double>(n_),
              std::vector<double>(n_),
              std::vector<double>(n_),
              std::vector<double>(n_),
              std::vector<double>(n_)};
  for (size_t i = 0; i < n_; ++i) {
    const double* a = &a_[i * m_];
    const double* r = &r_[i * k_];
    const double z = dot(a, pair.row.centre.data(), m_);
    const double span = reach(a, pair.row);
    out.from[i] = z - span;
    out.to[i] = z + span;
    out.weight[i] = dot(r, pair.column.centre.data(), k_);
    const double turn = reach(r, pair.column);
    out.least[i] = out.weight[i] - turn;
    out.most[i] = out.weight[i] + turn;
  }
  return out;
}

// Slopes s_n for which q·r_n φ(z_n) is at most q·r_n s_n z_n (or exceeds it by a
// little, where a sample of positive weight may change sides). Chosen are those that
// make |Σ s_n (q·r_n) a_n| small, by turns: the dual of the largest value where the
// samples lie on the sides that the boxes know.
void GrowthBound::choose_slopes(const Samples& at, std::vector<double>& slopes) const {
  struct Range {
    size_t sample;
    double low, high;
  };
  std::vector<double> g(m_, 0);
  std::vector<Range> open;
  for (size_t i = 0; i < n_; ++i) {
    const bool above = at.from[i] >= 0, below = at.to[i] <= 0;
    const bool gains = at.least[i] > 0, costs = at.most[i] < 0;
    if (above || below) {
      slopes[i] = above ? high_ : low_;
      const bool up = above == gains;
      if (gains || costs) {
        open.push_back({i, up ? slopes[i] : -kSteepest, up ? kSteepest : slopes[i]});
      }
    } else if (costs) {
      slopes[i] = at.from[i] + at.to[i] > 0 ? high_ : low_;
      open.push_back({i, low_, high_});
    } else {
      slopes[i] = (high_ * at.to[i] - low_ * at.from[i]) / (at.to[i] - at.from[i]);
    }
    for (size_t j = 0; j < m_; ++j) g[j] += slopes[i] * at.weight[i] * a_[i * m_ + j];
  }
  double before = length(g);
  for (int sweep = 0; sweep < kSweeps && !open.empty(); ++sweep) {
    for (const auto& range : open) {
      const auto i = range.sample;
      const double* a = &a_[i * m_];
      const double size = at.weight[i] * squares_[i];
      if (size == 0) continue;
      const double best = slopes[i] - dot(g.data(), a, m_) / size;
      const double next = std::clamp(best, range.low, range.high);
      const double change = (next - slopes[i]) * at.weight[i];
      if (change == 0) continue;
      for (size_t j = 0; j < m_; ++j) g[j] += change * a[j];
      slopes[i] = next;
    }
    const double now = length(g);
    if (now < 0.9 * decay_ || now > 0.999 * before) break;
    before = now;
  }
}

// qᵀC w, C = Σ s_n r_n a_nᵀ, with what samples of positive weight that may change sides
// add to it.
GrowthBound::Relaxed GrowthBound::relax(const DirectionPair& pair,
                                        const Samples& at,
                                        const std::vector<double>& slopes) const {
  Relaxed out{std::vector<double>(k_ * m_, 0), std::vector<double>(m_, 0), 0};
  for (size_t i = 0; i < n_; ++i) {
    if (at.from[i] < 0 && at.to[i] > 0 && at.most[i] > 0) {
      out.excess += at.most[i] * std::max((high_ - slopes[i]) * at.to[i],
                                          (low_ - slopes[i]) * at.from[i]);
    }
    for (size_t o = 0; o < k_; ++o) {
      const double factor = slopes[i] * r_[i * k_ + o];
      for (size_t j = 0; j < m_; ++j) out.map[o * m_ + j] += factor * a_[i * m_ + j];
    }
  }
  for (size_t o = 0; o < k_; ++o) {
    for (size_t j = 0; j < m_; ++j) {
      out.pull[j] += pair.column.centre[o] * out.map[o * m_ + j];
    }
  }
  return out;
}

// ‖c(w)‖ over the box. Where a sample may change sides φ(z) is its chord's slope times
// z plus something between 0 and a gap: half of that is constant, half uncertain.
bool GrowthBound::excluded_for_every_column(const DirectionBox& row) const {
  std::vector<double> map(k_ * m_, 0), middle(k_, 0);
  double most = 0;
  for (size_t i = 0; i < n_; ++i) {
    const double* a = &a_[i * m_];
    const double* r = &r_[i * k_];
    const double z = dot(a, row.centre.data(), m_), span = reach(a, row);
    const double from = std::min(0.0, z - span), to = std::max(0.0, z + span);
    if (from == to) continue;
    const double slope = (high_ * to - low_ * from) / (to - from);
    const double half = (high_ - slope) * to / 2;
    most += half * std::sqrt(dot(r, r, k_));
    for (size_t o = 0; o < k_; ++o) {
      middle[o] += half * r[o];
      for (size_t j = 0; j < m_; ++j) map[o * m_ + j] += slope * r[o] * a[j];
    }
  }
  for (size_t o = 0; o < k_; ++o) middle[o] += dot(&map[o * m_], row.centre.data(), m_);
  most += length(middle);
  for (size_t j = 0; j < m_; ++j) {
    double square = 0;
    for (size_t o = 0; o < k_; ++o) square += map[o * m_ + j] * map[o * m_ + j];
    most += row.half[j] * std::sqrt(square);
  }
  return most < decay_ * least_length(row) * (1 - kSafety);
}

// By the values in the box: good where it is small.
bool GrowthBound::excluded_by_values(const DirectionPair& pair,
                                     const Samples& at) const {
  std::vector<double> slopes(n_);
  for (size_t i = 0; i < n_; ++i) {
    const double from = std::min(0.0, at.from[i]), to = std::max(0.0, at.to[i]);
    slopes[i] = at.most[i] > 0 && from < to ? (high_ * to - low_ * from) / (to - from)
                : at.from[i] + at.to[i] > 0 ? high_
                                            : low_;
  }
  const auto [map, pull, excess] = relax(pair, at, slopes);
  double most = dot(pull.data(), pair.row.centre.data(), m_) +
                reach(pull.data(), pair.row) + excess;
  for (size_t o = 0; o < k_; ++o) {
    const double* row = &map[o * m_];
    most += pair.column.half[o] *
            (std::abs(dot(row, pair.row.centre.data(), m_)) + reach(row, pair.row));
  }
  return most <
         decay_ * least_length(pair.column) * least_length(pair.row) * (1 - kSafety);
}

// By |Cᵀ q|: good where the largest value is elsewhere.
bool GrowthBound::excluded_by_length(const DirectionPair& pair,
                                     const Samples& at) const {
  std::vector<double> slopes(n_);
  choose_slopes(at, slopes);
  const auto [map, pull, excess] = relax(pair, at, slopes);
  double most = length(pull) + excess / least_length(pair.row);
  for (size_t o = 0; o < k_; ++o) {
    const double* row = &map[o * m_];
    most += pair.column.half[o] * std::sqrt(dot(row, row, m_));
  }
  return most < decay_ * least_length(pair.column) * (1 - kSafety);
}

GrowthBound::Node GrowthBound::examine(const DirectionPair& pair) const {
  Node out;
  std::vector<double> c(k_, 0);
  for (size_t i = 0; i < n_; ++i) {
    const double z = dot(&a_[i * m_], pair.row.centre.data(), m_);
    const double phi = (z > 0 ? high_ : low_) * z;
    for (size_t o = 0; o < k_; ++o) c[o] += r_[i * k_ + o] * phi;
  }
  out.ratio = length(c) / (decay_ * length(pair.row.centre));
  if (pair.column.centre.empty()) {
    out.excluded = excluded_for_every_column(pair.row);
    return out;
  }
  const auto at = look(pair);
  out.excluded = excluded_by_values(pair, at) || excluded_by_length(pair, at);
  for (size_t j = 0; j < live_.size() && !out.excluded; ++j) {
    out.excluded = excluded_by(live_[j], pair, at);
  }
  return out;
}

}  // namespace basin
