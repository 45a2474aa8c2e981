#include "report/minima_spread.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.h"

namespace basin {
namespace {

using Number = double (*)(const Minimum&);

struct Kind {
  std::string what;
  Number number;
  int digits;
};

std::vector<Kind> kinds(bool on_kinks) {
  std::vector<Kind> out{
      {"loss", [](const Minimum& m) { return m.endpoint.loss; }, 8},
      {"accuracy, %", [](const Minimum& m) { return 100 * m.accuracy; }, 4},
      {"held-out loss", [](const Minimum& m) { return m.held_out_loss; }, 4},
      {"held-out accuracy, %",
       [](const Minimum& m) { return 100 * m.held_out_accuracy; },
       4},
      {on_kinks ? "least eigenvalue along the kinks" : "least eigenvalue",
       [](const Minimum& m) { return m.endpoint.min_eigenvalue; },
       3}};
  if (!on_kinks) return out;
  out.push_back({"kinks that hold",
                 [](const Minimum& m) { return static_cast<double>(m.endpoint.kinks); },
                 6});
  out.push_back({"least slope share of a kink from its end",
                 [](const Minimum& m) { return m.endpoint.kink_margin; },
                 2});
  out.push_back({"distance to the nearest other kink",
                 [](const Minimum& m) { return m.endpoint.radius; },
                 2});
  return out;
}

}  // namespace

std::vector<SpreadRow> minima_spread(const RunReport& report) {
  std::vector<const Minimum*> sure;
  for (const auto& m : report.minima) {
    if (is_certified(m.endpoint)) sure.push_back(&m);
  }
  if (sure.size() <= kManyMinima) return {};
  const bool on_kinks = std::all_of(
      sure.begin(), sure.end(), [](const auto* m) { return m->endpoint.kinks > 0; });
  std::vector<SpreadRow> out;
  for (const auto& kind : kinds(on_kinks)) {
    std::vector<double> values;
    for (const auto* m : sure) values.push_back(kind.number(*m));
    if (!std::all_of(
            values.begin(), values.end(), [](double x) { return std::isfinite(x); })) {
      continue;
    }
    std::sort(values.begin(), values.end());
    const auto half = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
    out.push_back({kind.what,
                   show(values.front(), kind.digits),
                   show(median, kind.digits),
                   show(values.back(), kind.digits)});
  }
  return out;
}

std::string spread_text(const RunReport& report) {
  const auto rows = minima_spread(report);
  if (rows.empty()) return "";
  const auto line = [](const auto&... cells) {
    return fmt::format("{:<42} {:>14} {:>14} {:>14}\n", cells...);
  };
  auto out = line("of the certified minima", "least", "median", "greatest");
  for (const auto& r : rows) out += line(r.what, r.least, r.median, r.greatest);
  return out + "\n";
}

}  // namespace basin
