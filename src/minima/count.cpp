#include "minima/count.h"

#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace basin {
namespace {

constexpr double kNormal95 = 1.959963984540054;

double variance_of_chao1(double f1, double f2, double estimate) {
  if (f2 > 0) {
    const double a = f1 * (f1 - 1) / (2 * (f2 + 1));
    const double b = f1 * std::pow(2 * f1 - 1, 2) / (4 * std::pow(f2 + 1, 2));
    const double c = f1 * f1 * f2 * std::pow(f1 - 1, 2) / (4 * std::pow(f2 + 1, 4));
    return a + b + c;
  }
  return f1 * (f1 - 1) / 2 + f1 * std::pow(2 * f1 - 1, 2) / 4 -
         std::pow(f1, 4) / (4 * estimate);
}

// Log-normal about the number of unseen classes, so that low >= seen.
Interval unseen_interval(double seen, double estimate, double variance) {
  const double unseen = estimate - seen;
  const double k = std::exp(
      kNormal95 * std::sqrt(std::log1p(std::max(0.0, variance) / (unseen * unseen))));
  return {seen + unseen / k, seen + unseen * k};
}

// No class is estimated to be unseen: what the hits themselves leave open, if each
// class were hit a Poisson number of times (EstimateS user's guide, appendix B).
Interval poisson_interval(const std::vector<int64_t>& hits) {
  double sum = 0;
  for (const auto h : hits) sum += std::exp(-static_cast<double>(h));
  const auto seen = static_cast<double>(hits.size());
  const double p = sum / seen;
  double n = 0;
  for (const auto h : hits) n += static_cast<double>(h);
  const double deviation = std::sqrt(std::max(0.0, sum - sum * sum / n));
  const double high = (seen + kNormal95 * deviation) / (1 - p);
  return {seen, std::max(seen, high)};
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

double least_coverage(const Count& count) {
  if (count.seeds == 0) return std::numeric_limits<double>::quiet_NaN();
  const auto once =
      std::llround((1 - count.coverage) * static_cast<double>(count.seeds));
  return 1 - wilson_interval(once, count.seeds).high;
}

Count count_classes(const std::vector<int64_t>& hits) {
  Count out;
  out.count = static_cast<int64_t>(hits.size());
  double f1 = 0, f2 = 0;
  for (const auto h : hits) {
    out.seeds += h;
    f1 += h == 1;
    f2 += h == 2;
  }
  if (out.seeds == 0) {
    out.coverage = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  const auto seen = static_cast<double>(out.count);
  out.chao1 = seen + f1 * (f1 - 1) / (2 * (f2 + 1));
  out.coverage = 1 - f1 / static_cast<double>(out.seeds);
  out.interval =
      out.chao1 > seen
          ? unseen_interval(seen, out.chao1, variance_of_chao1(f1, f2, out.chao1))
          : poisson_interval(hits);
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
