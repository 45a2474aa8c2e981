#include "report/categories.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/labels.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr double kFontSize = 12, kMostWide = 150;  // pixels
constexpr double kSlant = 60, kSlantedRow = 16;    // degrees; pixels from name to name

struct NameLayout {
  bool slanted = false;
  size_t stride = 1;  // so many apart are the names that are shown
  double below = 0;
};

std::string shortened(const std::string& name) {
  auto out = name;
  while (text_width(out, kFontSize) > kMostWide) {
    drop_last_letter(out);
  }
  return out == name ? out : out + "…";
}

double widest_of(const std::vector<std::string>& names) {
  double out = 0;
  for (const auto& n : names) out = std::max(out, text_width(n, kFontSize));
  return out;
}

NameLayout layout_of(const std::vector<std::string>& names, double width) {
  if (names.empty()) return {};
  const double slot = width / static_cast<double>(names.size());
  const double widest = widest_of(names);
  if (widest <= slot - 4) return {};
  return {
      .slanted = true,
      .stride = static_cast<size_t>(std::ceil(kSlantedRow / slot)),
      .below = std::min(widest, kMostWide + kFontSize) * std::sin(kSlant * M_PI / 180)};
}

}  // namespace

std::string category_names(const Axis& x,
                           double bottom,
                           const std::vector<std::string>& names) {
  const auto layout = layout_of(names, x.to - x.from);
  std::string out;
  for (size_t i = 0; i < names.size(); i += layout.stride) {
    const double at = x.pixel(static_cast<double>(i));
    const auto place =
        layout.slanted
            ? fmt::format(
                  "transform=\"translate({:.1f},{:.1f}) rotate(-{})\" "
                  "text-anchor=\"end\"",
                  at + 4,
                  bottom + 13,
                  kSlant)
            : fmt::format(
                  "x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\"", at, bottom + 18);
    out += fmt::format("<text class=\"tick\" {}>{}<title>{}</title></text>\n",
                       place,
                       escape_html(layout.slanted ? shortened(names[i]) : names[i]),
                       escape_html(names[i]));
  }
  return out;
}

double room_below(const std::vector<std::string>& names, double width) {
  return layout_of(names, width).below;
}

}  // namespace basin
