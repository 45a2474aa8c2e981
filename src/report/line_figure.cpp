#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/numbers.h"
#include "report/chart.h"
#include "report/plane_figure.h"

namespace basin {
namespace {

bool is_log(const std::vector<double>& values, SliceScale scale) {
  double low = INFINITY, high = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  return scale == SliceScale::kLog ||
         (scale == SliceScale::kAuto && low > 0 && high / low > 10);
}

// A zero between two points is as deep as the grid makes it: no lower than it resolves.
std::vector<double> raised(std::vector<double> values, double floor) {
  for (double& v : values) {
    if (v < floor) v = floor;
  }
  return values;
}

double floor_of(const torch::Tensor& values) { return resolved_zero(grid_of(values)); }

// Every repeat in one band: least, median and largest loss at each x.
std::vector<Series> band_of(const std::vector<const StoredSlice*>& slices) {
  Series band{.label = "least to largest of the draws", .colour = 5, .opacity = 0.35};
  Series middle{.label = "median", .colour = 0, .width = 2.2};
  band.x = middle.x = numbers(slices.front()->frame.x);
  for (size_t i = 0; i < middle.x.size(); ++i) {
    std::vector<double> values;
    for (const auto* s : slices) {
      const double v = s->values.loss.data_ptr<double>()[i];
      if (std::isfinite(v)) values.push_back(v);
    }
    std::sort(values.begin(), values.end());
    if (values.empty()) values.push_back(NAN);
    const auto n = values.size();
    middle.y.push_back(0.5 * (values[(n - 1) / 2] + values[n / 2]));
    band.low.push_back(values.front());
    band.high.push_back(values.back());
  }
  band.band = true;
  band.y = middle.y;
  return {band, middle};
}

}  // namespace

std::string line_figure(const std::vector<const StoredSlice*>& slices,
                        const std::string& title,
                        const SliceStyle& style) {
  const auto& first = *slices.front();
  std::vector<Series> series;
  std::vector<double> all;
  if (slices.size() > 1) {
    series = band_of(slices);
    for (const auto* s : slices) {
      const auto values = numbers(s->values.loss);
      all.insert(all.end(), values.begin(), values.end());
    }
  } else {
    const auto x = numbers(first.frame.x);
    const double floor = floor_of(first.values.loss);
    const bool log = is_log(raised(numbers(first.values.loss), floor), style.scale);
    const auto drawn = [&](const torch::Tensor& values) {
      return log ? raised(numbers(values), floor_of(values)) : numbers(values);
    };
    all = drawn(first.values.loss);
    const bool decays = !first.values.plain_loss.equal(first.values.loss);
    const bool held = first.values.held_out_loss.defined();
    series.push_back({.label = decays || held ? "loss" : "", .x = x, .y = all});
    if (decays)
      series.push_back({.label = "without decay",
                        .x = x,
                        .y = drawn(first.values.plain_loss),
                        .colour = 5,
                        .width = 1.2});
    if (held)
      series.push_back({.label = "held out",
                        .x = x,
                        .y = drawn(first.values.held_out_loss),
                        .colour = 3,
                        .width = 1.2});
    Series minima{
        .label = "local minima along the line", .colour = 1, .width = 4, .dots = true};
    for (const auto& e : first.extrema.points) {
      if (e.kind != ExtremumKind::kMinimum) continue;
      minima.x.push_back(0.5 * (e.t + e.end));
      minima.y.push_back(log ? std::max(e.loss, floor) : e.loss);
    }
    if (!minima.x.empty()) series.push_back(minima);
  }
  return line_chart(
      series,
      {.title = title,
       .x_label = slices.size() > 1 ? "along each direction" : first.frame.x_label,
       .y_label = "loss",
       .log_y = is_log(all, style.scale)});
}

}  // namespace basin
