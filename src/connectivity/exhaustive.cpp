#include "connectivity/exhaustive.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "connectivity/barrier.h"
#include "core/numbers.h"
#include "core/stop.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kBlock = 256;

/// An element and what is known of the top of its line.
using Ranked = std::pair<double, int64_t>;

// max of L at five points of each line to the elements `first`, ... .
Tensor bounds_of(const SampledObjective& objective,
                 const ParameterLayout& layout,
                 const Tensor& a,
                 const Tensor& b,
                 int64_t first,
                 int64_t count) {
  std::vector<Tensor> ends;
  for (int64_t k = 0; k < count; ++k)
    ends.push_back(moved(layout, element_at(layout, first + k), b));
  const auto end = at::stack(ends);
  // No top is below the higher end; all elements have one loss.
  const auto ends_loss = objective.value(at::stack({a, end[0]})).to(torch::kFloat64);
  auto out = at::full({count}, ends_loss.max().item<double>(), torch::kFloat64);
  for (const double s : {0.125, 0.3, 0.5, 0.7, 0.875}) {
    const auto loss =
        objective.value(((1 - s) * a + s * end).contiguous()).to(torch::kFloat64);
    out = at::maximum(out, at::nan_to_num(loss, 1e300, 1e300));
  }
  return out;
}

}  // namespace

std::vector<SymmetryElement> lowest_elements(const SampledObjective& objective,
                                             const ParameterLayout& layout,
                                             const Tensor& a,
                                             const Tensor& b,
                                             int64_t keep) {
  const auto order =
      static_cast<int64_t>(std::llround(std::pow(10.0, log10_group_order(layout))));
  std::vector<Ranked> ranked;
  for (int64_t first = 0; first < order; first += kBlock) {
    check_stop();
    const auto count = std::min(kBlock, order - first);
    for (const double x : numbers(bounds_of(objective, layout, a, b, first, count)))
      ranked.emplace_back(x, static_cast<int64_t>(ranked.size()));
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<Ranked> tops;  // ascending, at most `keep`
  const auto wanted = static_cast<size_t>(std::max<int64_t>(1, keep));
  for (const auto& [bound, number] : ranked) {
    if (tops.size() == wanted && bound >= tops.back().first) break;
    const auto end = moved(layout, element_at(layout, number), b);
    const Ranked found{highest_on(objective, a, end).loss, number};
    tops.insert(std::upper_bound(tops.begin(), tops.end(), found), found);
    if (tops.size() > wanted) tops.pop_back();
  }
  std::vector<SymmetryElement> out;
  for (const auto& [top, number] : tops) out.push_back(element_at(layout, number));
  return out;
}

}  // namespace basin
