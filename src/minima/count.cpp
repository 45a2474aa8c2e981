#include "minima/count.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace basin {
namespace {

constexpr double kNormal95 = 1.959963984540054;

// P(X <= most), X the heads among `tosses` of a fair coin. The terms fall from `most`
// downwards as far as they can be summed, so that none is lost.
double heads_at_most(int64_t most, int64_t tosses) {
  const auto n = static_cast<double>(tosses);
  const auto k = static_cast<double>(most);
  double term = std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                         std::lgamma(n - k + 1) - n * std::log(2.0));
  double sum = 0;
  for (double j = k; j >= 0 && term > 1e-18 * sum; --j) {
    sum += term;
    term *= j / (n - j + 1);
  }
  return std::min(1.0, sum);
}

// New classes among as many seeds again. A class hit X times on average is new with
// probability e^-X (1 − e^-X) <= X e^-X, its chance of being hit once: f1 and the new
// ones are sums of rare events, the second with no more on average than the first, and
// which of f1 + b of them came first is at worst a fair coin. The lower end is of
// X e^-X − X² e^-X, estimated by f1 − 2 f2 / 2, less two of its deviations.
Interval new_classes(int64_t once, int64_t twice, int64_t seeds) {
  constexpr double kTail = 0.025;
  int64_t high = 0, beyond = seeds + 1;
  while (beyond - high > 1) {
    const auto middle = high + (beyond - high) / 2;
    (heads_at_most(once, once + middle) > kTail ? high : beyond) = middle;
  }
  const auto f1 = static_cast<double>(once), f2 = static_cast<double>(twice);
  const double mean = std::max(0.0, f1 - f2);
  const double low = std::ceil(mean - kNormal95 * std::sqrt(f1 + f2 + mean));
  return {std::max(0.0, low), static_cast<double>(high)};
}

double least_coverage(double once, double twice, double seeds) {
  const double half = kNormal95 * kNormal95 / 2;
  const double missing =
      once + half + kNormal95 * std::sqrt(once + 2 * twice + half / 2);
  return std::max(0.0, 1 - missing / seeds);
}

std::vector<int64_t> hits_of(const std::vector<Minimum>& minima,
                             const std::string& level,
                             bool certified_only) {
  std::map<int64_t, int64_t> hits;
  for (const auto& m : minima) {
    if (certified_only && !is_certified(m.endpoint)) continue;
    hits[class_at(m, level)] += static_cast<int64_t>(m.seeds.size());
  }
  std::vector<int64_t> out;
  for (const auto& [key, count] : hits) out.push_back(count);
  return out;
}

}  // namespace

Interval wilson_interval(int64_t hits, int64_t trials) {
  if (trials == 0) return {0, 1};
  const auto n = static_cast<double>(trials);
  const double p = static_cast<double>(hits) / n;
  const double z2 = kNormal95 * kNormal95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // At the ends the two terms cancel but for rounding.
  return {hits == 0 ? 0.0 : centre - half, hits == trials ? 1.0 : centre + half};
}

Count count_classes(const std::vector<int64_t>& hits) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Count out;
  out.count = static_cast<int64_t>(hits.size());
  int64_t once = 0, twice = 0;
  for (const auto h : hits) {
    out.seeds += h;
    once += h == 1;
    twice += h == 2;
  }
  out.more = {kNone, kNone};
  out.at_least = static_cast<double>(out.count);
  if (out.seeds == 0) {
    out.coverage = out.least_coverage = kNone;
    return out;
  }
  const auto f1 = static_cast<double>(once), f2 = static_cast<double>(twice);
  const auto n = static_cast<double>(out.seeds);
  out.coverage = 1 - f1 / n;
  out.least_coverage = least_coverage(f1, f2, n);
  if (once == out.count) return out;  // none was hit twice
  out.at_least += f1 * (f1 - 1) / (2 * (f2 + 1));
  out.more = new_classes(once, twice, out.seeds);
  return out;
}

std::vector<Count> count_minima(const std::vector<Minimum>& minima) {
  std::vector<Count> out;
  for (const bool certified : {true, false}) {
    for (const auto& level : levels_of(minima)) {
      auto count = count_classes(hits_of(minima, level, certified));
      count.level = level;
      count.set = certified ? "certified" : "candidates";
      out.push_back(count);
    }
  }
  return out;
}

std::vector<int64_t> accumulation(const std::vector<Minimum>& minima, bool certified) {
  std::map<int64_t, int64_t> class_of_seed;
  for (const auto& m : minima) {
    if (certified && !is_certified(m.endpoint)) continue;
    for (const auto seed : m.seeds) class_of_seed[seed] = m.id;
  }
  std::vector<int64_t> out;
  std::set<int64_t> seen;
  for (const auto& [seed, id] : class_of_seed) {
    seen.insert(id);
    out.push_back(static_cast<int64_t>(seen.size()));
  }
  return out;
}

}  // namespace basin
