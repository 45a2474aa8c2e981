#include "report/quantile.h"

#include <algorithm>
#include <cmath>

namespace basin {

double quantile(std::vector<double> values, double q) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return NAN;
  const auto at =
      values.begin() +
      static_cast<int64_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double loss_quantile(std::vector<double> values, double q) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  return quantile(std::move(values), q);
}

}  // namespace basin
