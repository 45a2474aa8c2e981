// Upper bounds of qᵀc(w) over a pair of boxes: by linear functions of w, and by convex
// ones at its corners.

#include <algorithm>
#include <cmath>

#include "minima/bounded_sum.h"
#include "minima/growth_bound.h"

namespace basin {
namespace {

constexpr double kEnough = 0.9;        // of decay: no shorter bound is looked for
constexpr size_t kMostCorners = 2048;  // pairs of them

// Normals b of the cone of the box: b·w >= 0 in it.
void add_faces(const DirectionBox& box, BoundedSum& sum) {
  const auto face = face_of(box);
  for (size_t j = 0; j < sum.m; ++j) {
    if (j == face) continue;
    for (const double side : {1.0, -1.0}) {
      std::vector<double> b(sum.m, 0);
      b[j] = side;
      b[face] = (box.half[j] - side * box.centre[j]) * box.centre[face];
      sum.add(b.data(), 0, kUnbounded, 0);
    }
  }
}

}  // namespace

// A sample on a known side has its slope there, and its a_n or −a_n is a normal of the
// cone in which w lies. One of negative weight q·r_n may take any slope between those
// of φ, which is convex. One of positive weight that may change sides takes its
// chord's, and the rest is excess. Slopes and normals are those for which |Cᵀ q| is
// least at the centre of q: the dual of the largest value over the cone.
GrowthBound::Relaxed GrowthBound::relax(const DirectionPair& pair,
                                        const Samples& at) const {
  Relaxed out{.slopes = std::vector<double>(n_),
              .sides = std::vector<double>(m_, 0),
              .box = std::vector<double>(m_, 0)};
  std::vector<double> first(m_, 0);
  BoundedSum sum{.m = m_};
  std::vector<size_t> members;
  const double shortest = least_length(pair.row) * least_length(pair.column);
  const double middle = least_length(pair.row) * length(pair.column.centre);
  for (size_t i = 0; i < n_; ++i) {
    const double* a = &a_[i * m_];
    const double w = at.weight[i];
    auto& slope = out.slopes[i];
    if (at.unsure(i)) {
      slope = (high_ * at.to[i] - low_ * at.from[i]) / (at.to[i] - at.from[i]);
      for (size_t j = 0; j < m_; ++j) first[j] += slope * w * a[j];
      const double gap = (high_ - slope) * at.to[i], excess = at.most[i] * gap;
      out.excess += excess / shortest;
      out.at_centre += std::max(w, 0.0) * gap / middle;
      if (out.unsure == 0 || excess / shortest > out.most) {
        out.most = excess / shortest;
        out.worst = i;
      }
      ++out.unsure;
      continue;
    }
    const bool above = at.settled(i) ? at.from[i] >= 0 : at.from[i] + at.to[i] > 0;
    slope = above ? high_ : low_;
    if (!at.settled(i) && w == 0) continue;  // any slope does
    const double x = w * slope;
    if (!at.settled(i)) sum.add(a, w * high_, w * low_, x);
    if (at.settled(i)) sum.add(a, above ? x : -kUnbounded, above ? kUnbounded : x, x);
    members.push_back(i);
  }
  out.excess += at.apart / shortest;
  out.at_centre += at.apart / middle;
  add_faces(pair.row, sum);
  shorten(sum, std::move(first), kEnough * decay_ * least_length(pair.column));
  for (size_t k = 0; k < sum.value.size(); ++k) {
    double extra = sum.value[k];
    bool said = false;
    if (k < members.size()) {
      const auto i = members[k];
      const double w = at.weight[i];
      if (!at.settled(i)) out.slopes[i] = std::clamp(extra / w, low_, high_);
      extra = at.settled(i) ? extra - w * out.slopes[i] : 0;
      said = std::any_of(pair.sides.begin(), pair.sides.end(), [&](const Side& side) {
        return side.sample == i;
      });
    }
    auto& to = said ? out.sides : out.box;
    for (size_t j = 0; j < m_; ++j) to[j] += extra * sum.vectors[k * m_ + j];
  }
  return out;
}

// C = Σ s_n r_n a_nᵀ + e pᵀ, p the sum of normals; q·e = 1 in the box of q.
std::vector<double> GrowthBound::map_of(const DirectionPair& pair,
                                        const Relaxed& relaxed,
                                        bool with_box) const {
  std::vector<double> out(k_ * m_, 0);
  for (size_t i = 0; i < n_; ++i) {
    for (size_t o = 0; o < k_; ++o) {
      const double factor = relaxed.slopes[i] * r_[i * k_ + o];
      for (size_t j = 0; j < m_; ++j) out[o * m_ + j] += factor * a_[i * m_ + j];
    }
  }
  const auto face = face_of(pair.column);
  for (size_t j = 0; j < m_; ++j) {
    const double p = relaxed.sides[j] + (with_box ? relaxed.box[j] : 0);
    out[face * m_ + j] += pair.column.centre[face] * p;
  }
  return out;
}

// |Cᵀ q| against what the excess leaves of decay |q|, by the quadratic form of q.
GrowthBound::Bounded GrowthBound::bounded_by_length(const DirectionPair& pair,
                                                    const Relaxed& relaxed) const {
  const auto map = map_of(pair, relaxed, true);
  const auto& [centre, half] = pair.column;
  const auto largest = [&](double excess, bool in_box) {
    const double bound = decay_ * (1 - kRounding) - excess;
    if (!(bound > 0)) return kUnbounded;
    double most = 0;
    for (size_t o = 0; o < k_; ++o) {
      double towards = 0;
      for (size_t p = 0; p < k_; ++p) {
        const double x =
            dot(&map[o * m_], &map[p * m_], m_) - (o == p ? bound * bound : 0);
        towards += x * centre[p];
        if (!in_box) continue;
        most += (o == p ? std::max(x, 0.0) : std::abs(x)) * half[o] * half[p];
      }
      most += centre[o] * towards;
      if (in_box) most += 2 * std::abs(towards) * half[o];
    }
    return most;
  };
  return {largest(relaxed.at_centre, false) < 0, largest(relaxed.excess, true) < 0};
}

// With φ itself for the samples that may change sides, the bound is convex in w and in
// q, and so is it less decay (w·u)(q·p), at most decay |w| |q| for u and p of unit
// length: it is largest at corners.
bool GrowthBound::bounded_at_corners(const DirectionPair& pair,
                                     const Samples& at,
                                     const Relaxed& relaxed) const {
  const auto rows = corners(pair.row), columns = corners(pair.column);
  const size_t nr = rows.size() / m_, nc = columns.size() / k_;
  if (nr * nc > kMostCorners) return false;
  const auto map = map_of(pair, relaxed, false);
  const auto &u = pair.row.centre, &p = pair.column.centre;
  const double bound = decay_ * (1 - kRounding) / (length(u) * length(p));
  std::vector<double> value(nr * nc, at.apart), gain(nc);
  for (size_t v = 0; v < nr; ++v) {
    const double* w = &rows[v * m_];
    const double along = bound * dot(w, u.data(), m_);
    for (size_t o = 0; o < k_; ++o) {
      const double x = dot(&map[o * m_], w, m_) - along * p[o];
      for (size_t c = 0; c < nc; ++c) value[v * nc + c] += columns[c * k_ + o] * x;
    }
  }
  for (size_t i = 0; i < n_; ++i) {
    if (!at.unsure(i)) continue;
    for (size_t c = 0; c < nc; ++c) {
      gain[c] = std::max(0.0, dot(&columns[c * k_], &r_[i * k_], k_));
    }
    for (size_t v = 0; v < nr; ++v) {
      const double z = dot(&rows[v * m_], &a_[i * m_], m_);
      const double over = ((z > 0 ? high_ : low_) - relaxed.slopes[i]) * z;
      for (size_t c = 0; c < nc; ++c) value[v * nc + c] += over * gain[c];
    }
  }
  return std::all_of(value.begin(), value.end(), [](double x) { return x < 0; });
}

}  // namespace basin
