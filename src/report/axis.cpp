#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/text.h"

namespace basin {

double Axis::pixel(double value) const {
  const double t =
      log ? (std::log10(value) - std::log10(low)) / (std::log10(high) - std::log10(low))
          : (value - low) / (high - low);
  return from + t * (to - from);
}

Axis fit_axis(const std::vector<double>& values, bool log) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  bool whole = true;
  for (const double v : values) {
    if (!std::isfinite(v) || (log && v <= 0)) continue;
    whole = whole && v == std::round(v);
    low = std::min(low, v);
    high = std::max(high, v);
  }
  if (!(low <= high)) return {.low = log ? 0.1 : 0, .high = 1, .log = log};
  if (log) {
    if (high / low < 2) {
      low /= 1.5;
      high *= 1.5;
    }
    return {.low = low / 1.15, .high = high * 1.15, .log = true};
  }
  double air = 0.04 * (high - low);
  if (air <= 1e-12 * std::abs(high)) air = high == 0 ? 0.5 : 0.05 * std::abs(high);
  return {.low = low - air, .high = high + air, .whole = whole};
}

std::vector<Tick> ticks(const Axis& axis) {
  std::vector<Tick> out;
  if (axis.log) {
    const int first = static_cast<int>(std::ceil(std::log10(axis.low) - 1e-9));
    const int last = static_cast<int>(std::floor(std::log10(axis.high) + 1e-9));
    const int stride = std::max(1, (last - first + 1) / 6);
    for (int e = first; e <= last; e += stride) {
      const double v = std::pow(10.0, e);
      out.push_back({v, show(v)});
    }
    if (out.size() >= 2) return out;
    out.clear();
    for (int e = first - 1; e <= last; ++e) {
      for (const double m : {1.0, 2.0, 3.0, 5.0, 7.0}) {
        const double v = m * std::pow(10.0, e);
        if (v >= axis.low && v <= axis.high) out.push_back({v, show(v)});
      }
    }
    return out;
  }
  const double span = axis.high - axis.low;
  double step = std::pow(10.0, std::floor(std::log10(span / 4)));
  if (span / step > 20) {
    step *= 5;
  } else if (span / step > 8) {
    step *= 2;
  }
  if (axis.whole) step = std::max(1.0, std::round(step));
  // So many that two ticks differ.
  const double largest = std::max(std::abs(axis.low), std::abs(axis.high));
  const int digits =
      std::clamp(static_cast<int>(std::ceil(std::log10(largest / step))) + 1, 4, 8);
  for (double v = std::ceil(axis.low / step) * step; v <= axis.high + 1e-9 * span;
       v += step) {
    const double clean = std::abs(v) < 1e-9 * span ? 0.0 : v;
    auto text = show(clean, digits);
    if (out.empty() || out.back().text != text) out.push_back({clean, std::move(text)});
  }
  return out;
}

}  // namespace basin
