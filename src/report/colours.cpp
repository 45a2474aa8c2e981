#include "report/colours.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace basin {

std::string viridis(double t, double light) {
  struct Colour {
    double r, g, b;
  };
  static constexpr std::array<Colour, 10> kStops{{{68, 1, 84},
                                                  {72, 40, 120},
                                                  {62, 73, 137},
                                                  {49, 104, 142},
                                                  {38, 130, 142},
                                                  {31, 158, 137},
                                                  {53, 183, 121},
                                                  {110, 206, 88},
                                                  {181, 222, 43},
                                                  {253, 231, 37}}};
  const double at = std::clamp(t, 0.0, 1.0) * (kStops.size() - 1);
  const auto i = std::min<size_t>(static_cast<size_t>(at), kStops.size() - 2);
  const double w = at - static_cast<double>(i);
  const auto blend = [&](double a, double b) {
    return static_cast<int>(std::clamp(light * (a + w * (b - a)) + 0.5, 0.0, 255.0));
  };
  return fmt::format("#{:02x}{:02x}{:02x}",
                     blend(kStops[i].r, kStops[i + 1].r),
                     blend(kStops[i].g, kStops[i + 1].g),
                     blend(kStops[i].b, kStops[i + 1].b));
}

}  // namespace basin
