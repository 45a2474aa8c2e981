// What units gain by setting samples apart that share a kink: bounds of
// −D = max over b of −Σ_n u_n ψ(b + t_n).

#include "minima/growth_shared.h"

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "minima/bounded_sum.h"

namespace basin {
namespace {

struct Interval {
  double from = 0, to = 0;
};

// ψ, and ρ.
double psi(const SharedSites& at, double z) {
  return z > 0 ? at.above * z : -at.below * z;
}

// At least −u ψ(x) over the interval.
double loose(const SharedSites& at, double u, const Interval& x) {
  const double a = psi(at, x.from), b = psi(at, x.to);
  if (u < 0) return -u * std::max(a, b);
  return x.from < 0 && x.to > 0 ? 0 : -u * std::min(a, b);
}

// The same added up over t + b, for the worst b: it is where one of positive force
// begins or ends.
double worst_shift(const SharedSites& at, const std::vector<Interval>& t) {
  double most = 0;
  for (size_t m = 0; m < t.size(); ++m) {
    if (at.force[m] <= 0) continue;
    for (const double b : {-t[m].from, -t[m].to}) {
      double sum = 0;
      for (size_t i = 0; i < t.size(); ++i) {
        sum += loose(at, at.force[i], {t[i].from + b, t[i].to + b});
      }
      most = std::max(most, sum);
    }
  }
  return most;
}

// At least max over m of −Σ_n u_n ψ(sign (φ_n − φ_m)) over a box of w. Where both are
// on one side, −u ψ of the difference is bounded by a linear function of w: by its
// tangent where u > 0, by its chord where u < 0.
double worst_sample(const SharedSites& at, const SharedSites::Rows& rows, double sign) {
  const auto m = rows.box.centre.size();
  const auto above = [&](size_t n) { return rows.from[n] >= 0; };
  const auto settled = [&](size_t n) { return above(n) || rows.to[n] <= 0; };
  const auto range = [&](size_t n) {
    return Interval{rows.high * std::max(0.0, rows.from[n]),
                    rows.high * std::max(0.0, rows.to[n])};
  };
  double most = 0;
  std::vector<double> difference(m), slope(m);
  for (size_t j = 0; j < at.samples.size(); ++j) {
    if (at.force[j] <= 0) continue;
    const auto base = at.samples[j];
    double sum = 0;
    BoundedSum free{.m = m};  // tangents at a kink
    std::fill(slope.begin(), slope.end(), 0);
    for (size_t i = 0; i < at.samples.size(); ++i) {
      const auto n = at.samples[i];
      const double u = at.force[i];
      if (i == j) continue;
      if (!settled(n) || !settled(base)) {
        const auto x = range(n), y = range(base);
        const Interval d{x.from - y.to, x.to - y.from};
        sum += loose(at, u, sign > 0 ? d : Interval{-d.to, -d.from});
        continue;
      }
      const double p = above(n) ? sign * rows.high : 0;
      const double q = above(base) ? sign * rows.high : 0;
      if (p == 0 && q == 0) continue;
      for (size_t k = 0; k < m; ++k) {
        difference[k] = p * rows.a[n * m + k] - q * rows.a[base * m + k];
      }
      const double centre = dot(difference.data(), rows.box.centre.data(), m);
      const double span = reach(difference.data(), rows.box);
      double steep = centre > 0 ? at.above : -at.below;
      if (u < 0 && std::abs(centre) < span) {
        const double from = psi(at, centre - span), to = psi(at, centre + span);
        steep = (to - from) / (2 * span);
        sum -= u * (from - steep * (centre - span));
      }
      for (size_t k = 0; k < m; ++k) slope[k] -= u * steep * difference[k];
      if (u > 0 && std::abs(centre) < span) {
        free.add(difference.data(), -u * at.above, u * at.below, -u * steep);
      }
    }
    const auto bound = [&](const std::vector<double>& d) {
      return sum + dot(d.data(), rows.box.centre.data(), m) + reach(d.data(), rows.box);
    };
    double least = bound(slope);
    if (least > most && !free.value.empty()) {
      auto first = slope;
      for (size_t x = 0; x < free.value.size(); ++x) {
        for (size_t k = 0; k < m; ++k)
          first[k] -= free.value[x] * free.vectors[x * m + k];
      }
      shorten(free, first, 0);
      for (size_t x = 0; x < free.value.size(); ++x) {
        for (size_t k = 0; k < m; ++k)
          first[k] += free.value[x] * free.vectors[x * m + k];
      }
      least = std::min(least, bound(first));
    }
    most = std::max(most, least);
  }
  return most;
}

// At least Σ π ρ(t_q − t_p).
double all_carried(const SharedSites& at, const std::vector<Interval>& t) {
  double sum = 0;
  for (const auto& way : at.carried) {
    const auto &p = t[way.up], &q = t[way.down];
    sum += way.force * std::max(psi(at, q.from - p.to), psi(at, q.to - p.from));
  }
  return sum;
}

// The same over a box of w, by linear functions of it: ρ is convex, below its chord.
double all_carried(const SharedSites& at, const SharedSites::Rows& rows, double sign) {
  const auto m = rows.box.centre.size();
  const auto above = [&](size_t n) { return rows.from[n] >= 0; };
  const auto settled = [&](size_t n) { return above(n) || rows.to[n] <= 0; };
  const auto most = [&](size_t n) { return rows.high * std::max(0.0, rows.to[n]); };
  const auto least = [&](size_t n) { return rows.high * std::max(0.0, rows.from[n]); };
  double sum = 0;
  std::vector<double> difference(m), slope(m, 0);
  for (const auto& way : at.carried) {
    const auto p = at.samples[way.up], q = at.samples[way.down];
    if (!settled(p) || !settled(q)) {
      const double low = least(q) - most(p), top = most(q) - least(p);
      sum += way.force * std::max(psi(at, sign * low), psi(at, sign * top));
      continue;
    }
    const double of_q = above(q) ? sign * rows.high : 0;
    const double of_p = above(p) ? sign * rows.high : 0;
    for (size_t k = 0; k < m; ++k)
      difference[k] = of_q * rows.a[q * m + k] - of_p * rows.a[p * m + k];
    const double centre = dot(difference.data(), rows.box.centre.data(), m);
    const double span = reach(difference.data(), rows.box);
    double steep = centre > 0 ? at.above : -at.below;
    if (std::abs(centre) < span) {
      const double from = psi(at, centre - span), to = psi(at, centre + span);
      steep = (to - from) / (2 * span);
      sum += way.force * (from - steep * (centre - span));
    }
    for (size_t k = 0; k < m; ++k) slope[k] += way.force * steep * difference[k];
  }
  return sum + dot(slope.data(), rows.box.centre.data(), m) +
         reach(slope.data(), rows.box);
}

}  // namespace

SharedSites::SharedSites(const SharedKink& kink, const std::vector<double>& a, size_t m)
    : k(static_cast<size_t>(kink.feeds.size(1))),
      feeds(numbers(kink.feeds)),
      force(kink.force),
      below(kink.below),
      above(kink.above),
      several(kink.several) {
  for (const auto n : kink.samples) samples.push_back(static_cast<size_t>(n));
  if (!several) return;
  std::vector<std::pair<double, Carried>> ways;
  for (size_t p = 0; p < force.size(); ++p) {
    for (size_t q = 0; q < force.size(); ++q) {
      if (!(force[p] > 0 && force[q] < 0)) continue;
      double square = 0;
      for (size_t j = 0; j < m; ++j)
        square += std::pow(a[samples[p] * m + j] - a[samples[q] * m + j], 2);
      ways.emplace_back(square, Carried{p, q, 0});
    }
  }
  std::stable_sort(ways.begin(), ways.end(), [](const auto& x, const auto& y) {
    return x.first < y.first;
  });
  auto left = force;
  for (auto& [square, way] : ways) {
    way.force = std::min(std::max(0.0, left[way.up]), std::max(0.0, -left[way.down]));
    if (way.force == 0) continue;
    left[way.up] -= way.force;
    left[way.down] += way.force;
    carried.push_back(way);
  }
}

// v·f lies between `from` and `to`.
double SharedSites::between(const Rows& rows, double from, double to) const {
  if (several && feeds.size() == k) {
    double most = 0;
    if (to > 0) most = std::max(most, to * all_carried(*this, rows, 1));
    if (from < 0) most = std::max(most, -from * all_carried(*this, rows, -1));
    return most;
  }
  if (feeds.size() == k) {
    double most = 0;
    if (to > 0) most = std::max(most, to * worst_sample(*this, rows, 1));
    if (from < 0) most = std::max(most, -from * worst_sample(*this, rows, -1));
    return most;
  }
  std::vector<Interval> t;
  for (const auto n : samples) {
    const double low = rows.high * std::max(0.0, rows.from[n]);
    const double top = rows.high * std::max(0.0, rows.to[n]);
    t.push_back({std::min(from * low, from * top), std::max(to * low, to * top)});
  }
  return several ? all_carried(*this, t) : worst_shift(*this, t);
}

double SharedSites::most_gain(const Rows& rows, const DirectionBox& column) const {
  double from = 1e300, to = -1e300;
  for (size_t c = 0; c < feeds.size(); c += k) {
    const double centre = -dot(&feeds[c], column.centre.data(), k);
    const double span = reach(&feeds[c], column);
    from = std::min(from, centre - span);
    to = std::max(to, centre + span);
  }
  return between(rows, from, to);
}

double SharedSites::most_gain(const Rows& rows) const {
  double longest = 0;
  for (size_t c = 0; c < feeds.size(); c += k) {
    longest = std::max(longest, std::sqrt(dot(&feeds[c], &feeds[c], k)));
  }
  return between(rows, -longest, longest);
}

double SharedSites::gain(const std::vector<double>& phi,
                         const std::vector<double>& q) const {
  double from = 1e300, to = -1e300;
  for (size_t c = 0; c < feeds.size(); c += k) {
    const double by = -dot(&feeds[c], q.data(), k);
    from = std::min(from, by);
    to = std::max(to, by);
  }
  std::vector<Interval> t;
  for (const auto n : samples) t.push_back({from * phi[n], to * phi[n]});
  return several ? all_carried(*this, t) : worst_shift(*this, t);
}

}  // namespace basin
