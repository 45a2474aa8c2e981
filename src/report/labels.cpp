#include "report/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/text.h"

namespace basin {
namespace {

constexpr double kLetter = 0.64;    // width of a letter in font sizes, bold
constexpr double kDot = 5.5;        // radius of a place
constexpr double kLeaderFrom = 12;  // pixels from which a line joins the two
constexpr double kFontSize = 12;
constexpr std::array kDistances{8.0, 16.0, 28.0, 42.0, 60.0, 80.0, 100.0, 120.0};

// The box of words whose nearest corner, or side, lies `away` from the anchor.
Rectangle box_at(const Anchor& a, int direction, double away, double w, double h) {
  static constexpr std::array<std::array<int, 2>, 8> kWays{
      {{1, -1}, {-1, -1}, {1, 1}, {-1, 1}, {1, 0}, {-1, 0}, {0, -1}, {0, 1}}};
  const auto [right, down] = kWays[static_cast<size_t>(direction)];
  const double diagonal = right != 0 && down != 0 ? 0.7 : 1;
  const double x = a.x + right * away * diagonal + (right - 1) * w / 2;
  const double y = a.y + down * away * diagonal + (down - 1) * h / 2;
  return {x, y, x + w, y + h};
}

Rectangle dot_at(const Anchor& a) {
  return {a.x - kDot, a.y - kDot, a.x + kDot, a.y + kDot};
}

}  // namespace

double text_width(const std::string& text, double font_size) {
  return kLetter * font_size * static_cast<double>(letters_of(text));
}

std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<Anchor>& anchors,
                                                     const Rectangle& region,
                                                     double font_size) {
  std::vector<Rectangle> taken;
  for (const auto& a : anchors) taken.push_back(dot_at(a));
  const auto place = [&](const Anchor& a) -> std::optional<PlacedLabel> {
    const double w = text_width(a.text, font_size), h = 1.15 * font_size;
    for (const double away : kDistances) {
      for (int direction = 0; direction < 8; ++direction) {
        const auto box = box_at(a, direction, away, w, h);
        const auto hit = [&](const Rectangle& r) { return box.meets(r); };
        if (!region.holds(box) || std::any_of(taken.begin(), taken.end(), hit))
          continue;
        return PlacedLabel{box, away > kLeaderFrom};
      }
    }
    return {};
  };
  std::vector<std::optional<PlacedLabel>> out;
  for (const auto& a : anchors) {
    out.push_back(a.text.empty() ? std::nullopt : place(a));
    if (out.back()) taken.push_back(out.back()->box);
  }
  return out;
}

LabelLayer draw_labels(const std::vector<Anchor>& anchors, const Rectangle& region) {
  LabelLayer out;
  const auto placed = place_labels(anchors, region, kFontSize);
  std::string words;
  for (size_t k = 0; k < anchors.size(); ++k) {
    if (!placed[k]) {
      out.left_out += anchors[k].text.empty() ? 0 : 1;
      continue;
    }
    const auto& b = placed[k]->box;
    if (placed[k]->leader) {
      const auto line = fmt::format("M{:.1f} {:.1f}L{:.1f} {:.1f}",
                                    anchors[k].x,
                                    anchors[k].y,
                                    std::clamp(anchors[k].x, b.left, b.right),
                                    std::clamp(anchors[k].y, b.top, b.bottom));
      out.svg += fmt::format(
          "<path d=\"{0}\" stroke=\"#000\" stroke-width=\"2.4\" fill=\"none\"/>"
          "<path d=\"{0}\" stroke=\"#fff\" stroke-width=\"1\" fill=\"none\"/>\n",
          line);
    }
    words += fmt::format(
        "<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\">{}</text>\n",
        (b.left + b.right) / 2,
        b.bottom - 0.25 * kFontSize,
        escape_html(anchors[k].text));
  }
  out.svg += words;
  if (out.left_out > 0) {
    out.svg += fmt::format(
        "<text class=\"mark\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{} "
        "without room for {} name</text>\n",
        region.right - 6,
        region.bottom - 6,
        out.left_out,
        out.left_out == 1 ? "its" : "their");
  }
  return out;
}

std::string title_text(const std::string& title, double x, double y, double width) {
  constexpr double kSize = 15, kLeastSize = 10;
  const double fit = kSize * std::min(1.0, width / text_width(title, kSize));
  const double size = std::max(kLeastSize, fit);
  auto words = title;
  while (text_width(words, size) > width && letters_of(words) > 2) {
    drop_last_letter(words);
  }
  if (words != title) words += "…";
  return fmt::format(
      "<text class=\"title\" x=\"{}\" y=\"{}\"{}>{}{}</text>\n",
      x,
      y,
      size < kSize ? fmt::format(" style=\"font-size:{:.1f}px\"", size) : "",
      escape_html(words),
      words == title ? "" : "<title>" + escape_html(title) + "</title>");
}

}  // namespace basin
