#include "config/table_words.h"

namespace basin {

std::vector<Field> describe(SliceOptions& s) {
  return {{"name", &s.name, "of the slice", {}, "[A-Za-z0-9_.-]{0,64}"},
          {"kind", choice(s.kind, {"line", "plane"}), "one or two directions"},
          {"directions",
           choice(s.directions, {"random", "filter", "minima", "axes"}),
           "filter: each unit scaled to its own norm; minima: through two or three"},
          {"center",
           &s.center,
           "best, zero, or the number of a minimum",
           {},
           "best|zero|[0-9]{1,6}"},
          {"minima",
           &s.minima,
           "directions minima: which; none: 0, 1 (, 2)",
           at_least(0, 1e6)},
          {"axes", &s.axes, "directions axes: layer0.weight[0,0], layer1.bias[2], ..."},
          {"range", &s.range, "of both coordinates: low, high", {-1e6, 1e6}},
          {"points", &s.points, "along each coordinate", at_least(2, 2001)},
          {"draw", &s.draw, "which random directions", at_least(0, 1e6)}};
}

}  // namespace basin
