#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/html.h"
#include "report/plane_figure.h"
#include "report/sweep_groups.h"
#include "report/sweep_page.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr size_t kMostPictures = 60;

std::string label_of(const SweepRow& row) {
  std::string out;
  for (const auto& [key, value] : row.values)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", short_key(key), value);
  return out;
}

const StoredSlice* plane_of(const SweepRow& row, const std::string& name) {
  for (const auto& s : row.planes) {
    if (s.frame.name == name) return &s;
  }
  return nullptr;
}

// The colours that hold every plane of one name, each with its own rules.
std::pair<double, double> limits_of(const std::vector<SweepRow>& rows,
                                    const std::string& name) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& row : rows) {
    const auto* s = plane_of(row, name);
    if (s == nullptr || !s->values.loss.isfinite().any().item<bool>()) continue;
    const auto h = heights_of(s->values.loss, {});
    low = std::min(low, h.value(h.low));
    high = std::max(high, h.value(h.high));
  }
  return {low, high};
}

}  // namespace

std::vector<ScaledPlane> planes_at_one_scale(const std::vector<SweepRow>& rows) {
  std::vector<ScaledPlane> out;
  std::vector<std::string> names;
  for (const auto& row : rows) {
    for (const auto& s : row.planes) {
      if (std::find(names.begin(), names.end(), s.frame.name) == names.end())
        names.push_back(s.frame.name);
    }
  }
  for (const auto& name : names) {
    const auto limits = limits_of(rows, name);
    const auto has = [&](const SweepRow& row) {
      return plane_of(row, name) != nullptr;
    };
    if (!(limits.first <= limits.second) ||
        std::count_if(rows.begin(), rows.end(), has) < 2)
      continue;
    for (size_t k = 0; k < rows.size() && out.size() < kMostPictures; ++k) {
      const auto* s = plane_of(rows[k], name);
      if (s == nullptr) continue;
      out.push_back({name,
                     {fmt::format("plane_{}_{}", name, k),
                      plane_figure(*s, label_of(rows[k]), {.limits = limits})},
                     s->frame.recipe + plane_sentences(*s, {.limits = limits})});
    }
  }
  return out;
}

std::string planes_html(const std::vector<ScaledPlane>& planes) {
  if (planes.empty()) return "";
  std::string out;
  for (size_t i = 0; i < planes.size(); ++i) {
    const bool first = i == 0 || planes[i].name != planes[i - 1].name;
    if (first && i > 0) out += "</div>\n";
    if (first)
      out += "<h3>" + escape_html(planes[i].name) + "</h3>\n<div class=\"figures\">";
    out += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n",
                       planes[i].picture.svg,
                       escape_html(planes[i].caption));
  }
  return fmt::format(
      "<h2>Planes at one scale</h2>\n<p class=\"soft\">One scale of colours for each "
      "name{}.</p>\n{}</div>\n",
      planes.size() == kMostPictures
          ? fmt::format("; the first {} pictures", kMostPictures)
          : "",
      out);
}

}  // namespace basin
