#include "report/count_text.h"

#include <fmt/format.h>

#include <cmath>

#include "report/text.h"

namespace basin {

std::string more_text(const Count& count) {
  if (std::isnan(count.more.high)) return "–";
  return fmt::format("{} to {}", show(count.more.low, 6), show(count.more.high, 6));
}

std::string least_text(double x) {
  if (std::isnan(x)) return "–";
  double unit = 1e-3;
  while (unit > 1e-9 && 1 - x < unit) unit /= 10;
  return show(std::floor(x / unit * (1 + 1e-15)) * unit, 10);
}

std::string unseen_text(const Count& count) {
  if (std::isnan(count.more.high)) {
    return count.seeds == 1
               ? "one seed says nothing about others"
               : "none was reached twice, which says nothing about how many there are";
  }
  return fmt::format(
      "at least {} by Chao1, as many seeds again would find {} more (95 %), and a new "
      "seed finds one of these with probability at least {}",
      show(count.at_least),
      more_text(count),
      least_text(count.least_coverage));
}

std::string stopping_text(const UntilOptions& until) {
  if (until.coverage == 0) return "";
  return fmt::format(
      "Seeds were added until a new one finds a minimum already seen with probability "
      "at least {}, at most {}: their number was not fixed before, which "
      "docs/counting.md simulates.",
      show(until.coverage, 3),
      show(until.max_seeds));
}

}  // namespace basin
