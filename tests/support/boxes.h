#pragma once

// Boxes of directions, and points in them.

#include "core/random.h"
#include "minima/growth_box.h"

namespace basin::testing {

// A point of the box: a corner, or any.
inline std::vector<double> point_in(const DirectionBox& box, RandomStream& random) {
  auto x = box.centre;
  const bool corner = random.uniform() < 0.3;
  for (size_t j = 0; j < x.size(); ++j) {
    const double t = 2 * random.uniform() - 1;
    x[j] += box.half[j] * (corner ? (t > 0 ? 1 : -1) : t);
  }
  return x;
}

// A box on a face, no half width above `size`.
inline DirectionBox random_box(size_t m, double size, RandomStream& random) {
  auto box =
      faces(m)[static_cast<size_t>(random.uniform() * 2 * static_cast<double>(m))];
  for (size_t j = 0; j < m; ++j) {
    if (box.half[j] == 0) continue;
    box.half[j] = size * random.uniform();
    box.centre[j] = (1 - box.half[j]) * (2 * random.uniform() - 1);
  }
  return box;
}

}  // namespace basin::testing
