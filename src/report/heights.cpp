#include "report/heights.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "core/numbers.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr double kLeastShown = 1e-6;  // of the median, where the grid says nothing
constexpr double kDecade = 10;        // log if greatest > kDecade * least
constexpr double kDecadesAbove = 2;   // of the median, at least
constexpr double kTimesAbove = 3;     // the height of three quarters, at most

std::vector<double> finite_values(const HeightGrid& grid) {
  std::vector<double> out;
  for (const double z : grid.z) {
    if (std::isfinite(z)) out.push_back(z);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Of ascending values above `low`; NaN if there is none.
double quantile_above(const std::vector<double>& sorted, double low, double share) {
  const auto first = std::upper_bound(sorted.begin(), sorted.end(), low);
  const auto count = static_cast<double>(sorted.end() - first);
  if (count == 0) return NAN;
  return first[static_cast<int64_t>(share * (count - 1))];
}

double top_of(const std::vector<double>& sorted, double low, bool log) {
  const double greatest = sorted.back();
  if (!log) {
    const double most = quantile_above(sorted, low, 0.75);
    return std::isnan(most) ? greatest
                            : std::min(greatest, low + kTimesAbove * (most - low));
  }
  const double middle = quantile_above(sorted, low, 0.5);
  if (std::isnan(middle)) return greatest;
  const double decades = std::max(kDecadesAbove, std::log10(middle / low));
  return std::min(greatest, middle * std::pow(10.0, decades));
}

// D/8 at the middle of three, if it is no higher than the others; else 0.
double resolved_at(double before, double at, double after) {
  if (!(at <= before && at <= after)) return 0;
  const double second = before - 2 * at + after;
  return std::isfinite(second) ? second / 8 : 0;
}

}  // namespace

double Heights::value(double height) const {
  return log ? std::pow(10.0, height) : height;
}

double Heights::height(double value) const {
  if (!std::isfinite(value)) return NAN;
  const double t = log ? std::log10(std::max(value, floor)) : value;
  return std::clamp(t, low, high);
}

HeightGrid grid_of(const torch::Tensor& values) {
  return {values.size(1), values.size(0), numbers(values)};
}

double resolved_zero(const HeightGrid& g) {
  double out = 0;
  for (int64_t j = 0; j < g.ny; ++j) {
    for (int64_t i = 0; i < g.nx; ++i) {
      const double z = g.at(i, j);
      if (!std::isfinite(z) || z < 0) continue;
      double r = 0;
      if (i > 0 && i + 1 < g.nx) r += resolved_at(g.at(i - 1, j), z, g.at(i + 1, j));
      if (j > 0 && j + 1 < g.ny) r += resolved_at(g.at(i, j - 1), z, g.at(i, j + 1));
      if (z <= 2 * r) out = std::max(out, r);
    }
  }
  return out;
}

Heights heights_of(const torch::Tensor& values, const SliceStyle& style) {
  Heights h{.grid = grid_of(values)};
  const auto sorted = finite_values(h.grid);
  if (sorted.empty()) return h;
  h.least = sorted.front();
  h.greatest = sorted.back();
  double low = h.least, high = h.greatest;
  if (style.limits) std::tie(low, high) = *style.limits;
  const double middle = quantile_above(sorted, 0, 0.5);
  h.resolved = resolved_zero(h.grid);
  const double floor =
      std::max({low, h.resolved, style.limits && low > 0 ? 0 : kLeastShown * middle});
  h.log = floor > 0 && floor < high &&
          (style.scale == SliceScale::kLog ||
           (style.scale == SliceScale::kAuto && h.least >= 0 && low >= 0 &&
            high > kDecade * floor));
  if (h.log) {
    h.floor = floor;
    if (!style.limits || low <= 0) low = floor;
  }
  if (!style.limits) high = top_of(sorted, low, h.log);
  const auto count = static_cast<double>(sorted.size());
  const double from = h.log ? h.floor : low;
  h.below = static_cast<double>(std::lower_bound(sorted.begin(), sorted.end(), from) -
                                sorted.begin()) /
            count;
  h.above = static_cast<double>(sorted.end() -
                                std::upper_bound(sorted.begin(), sorted.end(), high)) /
            count;
  h.low = h.log ? std::log10(low) : low;
  h.high = h.log ? std::log10(high) : high;
  if (!(h.high > h.low)) h.high = h.low + std::max(1e-9, 1e-3 * std::abs(h.low));
  for (double& z : h.grid.z) z = h.height(z);
  return h;
}

std::string cut_sentence(const Heights& h) {
  const auto part = [](double share) {
    return fmt::format("{} % of the points", show(100 * share, 2));
  };
  std::string out;
  if (h.below > 0) {
    out += fmt::format(
        "; drawn no lower than {}{}: {} lie lower, down to {}",
        show(h.log ? h.floor : h.low, 2),
        h.log && h.floor == h.resolved ? ", what this grid resolves of a zero" : "",
        part(h.below),
        show(h.least, 2));
  }
  if (h.above > 0) {
    out += fmt::format("; colours end at {}: {} lie higher, up to {}",
                       show(h.value(h.high), 2),
                       part(h.above),
                       show(h.greatest, 2));
  }
  return out;
}

}  // namespace basin
