#include "minima/kink_multipliers.h"

#include <algorithm>
#include <cmath>

#include "minima/bounded_sum.h"
#include "minima/growth_box.h"

namespace basin {
namespace {

constexpr double kMargins[] = {1e-2, 1e-4, 1e-6, 0};  // of the largest force
constexpr double kBinding = 1e-3;  // of the largest pressure on a bound

// Coefficients t, then q = U − t, each at least its floor: g + Σ t j = 0, and
// force + Σ w t − t − q = 0.
struct Equations {
  size_t n, size;  // kinks; equations
  BoundedSum sum;
  std::vector<double> first;
};

Equations equations_of(const KinkPieces& pieces, const std::vector<double>& floor) {
  const auto n = pieces.force.size(), k = pieces.coordinates;
  Equations out{n, k + n, {.m = k + n}, pieces.pull};
  out.first.insert(out.first.end(), pieces.force.begin(), pieces.force.end());
  std::vector<double> v;
  for (size_t a = 0; a < n; ++a) {
    v.assign(k + n, 0);
    std::copy_n(&pieces.rows[a * k], k, v.begin());
    v[k + a] = -1;
    for (const auto& read : pieces.reads[a]) v[k + read.from] += read.weight;
    out.sum.add(v.data(), floor[a], kUnbounded, floor[a]);
  }
  for (size_t a = 0; a < n; ++a) {
    v.assign(k + n, 0);
    v[k + a] = -1;
    out.sum.add(v.data(), floor[n + a], kUnbounded, floor[n + a]);
  }
  return out;
}

// How hard what is left over presses on each bound, `[2 A]`.
std::vector<double> pressure(const Equations& at) {
  auto left = at.first;
  for (size_t i = 0; i < 2 * at.n; ++i) {
    for (size_t j = 0; j < at.size; ++j)
      left[j] += at.sum.value[i] * at.sum.vectors[i * at.size + j];
  }
  std::vector<double> out;
  for (size_t i = 0; i < 2 * at.n; ++i) {
    const bool bound = at.sum.value[i] <= at.sum.low[i];
    const double slope = dot(left.data(), &at.sum.vectors[i * at.size], at.size);
    out.push_back(bound ? std::max(0.0, slope) : 0);
  }
  return out;
}

}  // namespace

KinkMultipliers find_multipliers(const KinkPieces& pieces, double solved) {
  KinkMultipliers out;
  const auto n = pieces.force.size();
  double size = 0;
  for (const double f : pieces.force) size = std::max(size, std::abs(f));
  if (n == 0 || !(size > 0)) return out;
  std::vector<size_t> level(2 * n, 0);
  std::vector<double> floor(2 * n, kMargins[0] * size);
  for (;;) {
    auto at = equations_of(pieces, floor);
    if (shorten(at.sum, at.first, 0) <= solved * size) {
      out.found = true;
      const auto& x = at.sum.value;
      out.t.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n));
      for (size_t a = 0; a < n; ++a) {
        out.total.push_back(x[a] + x[n + a]);
        const bool low = floor[a] == 0 && x[a] <= kSolved * size;
        const bool high = floor[n + a] == 0 && x[n + a] <= kSolved * size;
        out.end.push_back(low ? int8_t{-1} : high ? int8_t{1} : int8_t{0});
      }
      return out;
    }
    // What cannot all be that far from its end need not be.
    const auto press = pressure(at);
    const double most = *std::max_element(press.begin(), press.end());
    bool lowered = false;
    for (size_t i = 0; i < 2 * n; ++i) {
      if (!(press[i] > kBinding * most) || floor[i] == 0) continue;
      floor[i] = kMargins[++level[i]] * size;
      lowered = true;
    }
    if (!lowered) return out;
  }
}

}  // namespace basin
