#pragma once

#include <string>
#include <vector>

namespace basin {

/// Figures as self-contained SVG. Colours are Okabe and Ito's, which colour-blind
/// readers tell apart; in a page text and grid follow the reader's light or dark mode.

struct Series {
  std::string label;  ///< in the legend; empty: none
  std::vector<double> x;
  std::vector<double> y;  ///< NaN breaks the line
  int colour = 0;         ///< index into the palette
  double width = 1.8;
  double opacity = 1.0;
  bool dots = false;             ///< points instead of a line
  std::vector<double> low = {};  ///< error bars, if not empty
  std::vector<double> high = {};
  bool band = false;  ///< low to high as an area instead of bars, and no line
};

struct ChartOptions {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool log_y = false;                     ///< values <= 0 are left out
  std::vector<std::string> x_names = {};  ///< categories at x = 0, 1, ...
};

std::string line_chart(const std::vector<Series>& series, const ChartOptions& options);

/// Bars of counts over equal bins.
std::string histogram(const std::vector<double>& values,
                      int bins,
                      const ChartOptions& options);

/// The style block that the figures share; goes once into a page.
std::string chart_style();

/// `svg` as a file of its own, for papers: with the style inside, on white, in plain
/// CSS that every renderer knows.
std::string standalone(const std::string& svg);

}  // namespace basin
