#pragma once

#include <optional>
#include <string>
#include <vector>

namespace basin {

/// A rectangle in pixels; y grows downwards.
struct Rectangle {
  double left = 0, top = 0, right = 0, bottom = 0;

  bool meets(const Rectangle& other) const {
    return left < other.right && other.left < right && top < other.bottom &&
           other.top < bottom;
  }
  bool holds(const Rectangle& other) const {
    return left <= other.left && other.right <= right && top <= other.top &&
           other.bottom <= bottom;
  }
};

/// A place in a figure and the words that belong to it.
struct Anchor {
  double x = 0, y = 0;  ///< in pixels
  std::string text;
};

struct PlacedLabel {
  Rectangle box;        ///< of the words
  bool leader = false;  ///< so far from its place that a line must join them
};

/// Width in pixels of one line of text, a little too large: letters differ.
double text_width(const std::string& text, double font_size);

/// Where the words stand: next to their places, inside `region`, on no other words and
/// on no place. Earlier anchors choose first. None: no room within 120 pixels, the
/// words are left out.
std::vector<std::optional<PlacedLabel>> place_labels(const std::vector<Anchor>& anchors,
                                                     const Rectangle& region,
                                                     double font_size = 12);

/// The words with their leaders as SVG, and how many had no room.
struct LabelLayer {
  std::string svg;
  int left_out = 0;
};
LabelLayer draw_labels(const std::vector<Anchor>& anchors, const Rectangle& region);

/// Title at (x, y) as SVG: smaller if it is wider than `width`, and shortened if it
/// would not be legible then; the whole of it is shown on hovering.
std::string title_text(const std::string& title, double x, double y, double width);

}  // namespace basin
