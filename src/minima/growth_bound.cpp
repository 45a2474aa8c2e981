#include "minima/growth_bound.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"

namespace basin {
namespace {

constexpr double kSmallRow = 0.1;        // from here on q has boxes
constexpr double kNearRow = 0.3;         // and from here near a live unit
constexpr double kNearLive = 5;          // half widths
constexpr double kFineColumn = 1.0 / 8;  // of the row: no finer where it would suffice
constexpr size_t kFewSamples = 4;        // looked at by their sides

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
  for (const auto& kink : problem.shared) shared_.emplace_back(kink, a_, m_);
  for (const auto& unit : problem.live) usable_ = usable_ && add_live(unit);
}

std::vector<DirectionPair> GrowthBound::all_directions() const {
  std::vector<DirectionPair> out;
  for (const auto& row : faces(m_)) {
    const DirectionPair pair{row, {}, {}};
    if (k_ > 1) out.push_back(pair);
    if (k_ == 1) append(with_columns(pair), out);
  }
  return out;
}

std::vector<DirectionPair> GrowthBound::with_columns(const DirectionPair& pair) const {
  std::vector<DirectionPair> out;
  for (const auto& column : faces(k_)) out.push_back({pair.row, column, pair.sides});
  return out;
}

bool GrowthBound::near_live(const DirectionBox& row, double share) const {
  return std::any_of(live_.begin(), live_.end(), [&](const Live& live) {
    return meets(live.row, row, share);
  });
}

std::vector<DirectionPair> GrowthBound::split(const DirectionPair& pair,
                                              const Node& node) const {
  std::vector<DirectionPair> out;
  if (node.cut == Cut::kSample) {
    for (const bool above : {true, false}) {
      out.push_back(pair);
      out.back().sides.push_back({node.sample, above});
    }
    return out;
  }
  if (node.cut == Cut::kColumn) {
    if (pair.column.centre.empty()) return with_columns(pair);
    for (auto& column : halves(pair.column, widest(pair.column))) {
      out.push_back({pair.row, column, pair.sides});
    }
    return out;
  }
  for (auto& row : halves(pair.row, widest(pair.row))) {
    out.push_back({row, pair.column, pair.sides});
  }
  return out;
}

GrowthBound::Samples GrowthBound::look(const DirectionPair& pair) const {
  const std::vector<double> none(n_);
  Samples out{none, none, none, none};
  for (size_t i = 0; i < n_; ++i) {
    const double* a = &a_[i * m_];
    const double* r = &r_[i * k_];
    const double z = dot(a, pair.row.centre.data(), m_);
    const double span = reach(a, pair.row);
    out.from[i] = z - span;
    out.to[i] = z + span;
    out.weight[i] = dot(r, pair.column.centre.data(), k_);
    out.most[i] = out.weight[i] + reach(r, pair.column);
  }
  for (const auto& side : pair.sides) {
    auto& end = side.above ? out.from[side.sample] : out.to[side.sample];
    end = side.above ? std::max(end, 0.0) : std::min(end, 0.0);
  }
  for (const auto& kink : shared_) {
    out.apart += kink.most_gain({a_, pair.row, out.from, out.to, high_}, pair.column);
  }
  return out;
}

// ‖c(w)‖ over the box. Where a sample may change sides φ(z) is its chord's slope times
// z plus something between 0 and a gap: half of that is constant, half uncertain.
bool GrowthBound::excluded_for_every_column(const DirectionBox& row) const {
  std::vector<double> map(k_ * m_, 0), middle(k_, 0);
  std::vector<double> least(n_), top(n_);
  double most = 0;
  for (size_t i = 0; i < n_; ++i) {
    const double* a = &a_[i * m_];
    const double* r = &r_[i * k_];
    const double z = dot(a, row.centre.data(), m_), span = reach(a, row);
    const double from = std::min(0.0, z - span), to = std::max(0.0, z + span);
    least[i] = z - span;
    top[i] = z + span;
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
  for (const auto& kink : shared_) most += kink.most_gain({a_, row, least, top, high_});
  for (size_t j = 0; j < m_; ++j) {
    double square = 0;
    for (size_t o = 0; o < k_; ++o) square += map[o * m_ + j] * map[o * m_ + j];
    most += row.half[j] * std::sqrt(square);
  }
  return most < decay_ * least_length(row) * (1 - kRounding);
}

// Near a live unit, and where a sample's side makes the bound, its two sides are looked
// at alone: halves of a box come near to it slowly.
void GrowthBound::examine_columns(const DirectionPair& pair, Node& node) const {
  const auto at = look(pair);
  for (size_t i = 0; i < n_; ++i) {
    if (at.from[i] > at.to[i]) node.excluded = true;  // no such w
  }
  for (size_t j = 0; j < live_.size() && !node.excluded; ++j) {
    node.excluded = excluded_by(live_[j], pair, at);
  }
  if (node.excluded) return;
  const auto relaxed = relax(pair, at);
  const auto bound = bounded_by_length(pair, relaxed);
  node.excluded = bound.box || bounded_at_corners(pair, at, relaxed);
  if (node.excluded) return;
  const double row = pair.row.half[widest(pair.row)];
  const double column = pair.column.half[widest(pair.column)];
  if (!shared_.empty()) node.apart = grows_apart(pair.row.centre, pair.column.centre);
  const bool live = near_live(pair.row, 1);
  if (column > row && (live || relaxed.unsure == 0)) node.cut = Cut::kColumn;
  if (column > kFineColumn * row && bound.centre) node.cut = Cut::kColumn;
  const bool one = 2 * relaxed.most > relaxed.excess;
  if (node.cut == Cut::kRow && relaxed.unsure > 0 &&
      (one || relaxed.unsure <= kFewSamples)) {
    node.cut = Cut::kSample;
    node.sample = relaxed.worst;
  }
}

bool GrowthBound::grows_apart(const std::vector<double>& w,
                              const std::vector<double>& q) const {
  std::vector<double> phi(n_);
  double sum = 0;
  for (size_t i = 0; i < n_; ++i) {
    const double z = dot(&a_[i * m_], w.data(), m_);
    phi[i] = (z > 0 ? high_ : low_) * z;
    sum += phi[i] * dot(&r_[i * k_], q.data(), k_);
  }
  for (const auto& kink : shared_) sum += kink.gain(phi, q);
  return sum > decay_ * length(w) * length(q) * (1 + kRounding);
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
  if (!pair.column.centre.empty()) {
    examine_columns(pair, out);
    return out;
  }
  out.excluded = excluded_for_every_column(pair.row);
  const double half = pair.row.half[widest(pair.row)];
  if (half < kSmallRow || (half < kNearRow && near_live(pair.row, kNearLive))) {
    out.cut = Cut::kColumn;
  }
  return out;
}

}  // namespace basin
