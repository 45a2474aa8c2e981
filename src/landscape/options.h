#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

enum class SliceKind { kLine, kPlane };

enum class DirectionKind {
  kRandom,  ///< Gaussian, scaled to ‖θ‖ of the centre
  kFilter,  ///< Gaussian, each unit's weights scaled to the norm of that unit; biases 0
  kMinima,  ///< through two (line) or three (plane) minima
  kAxes,    ///< along named parameters
};

/// One line or plane of the landscape, as written.
struct SliceOptions {
  std::string name;  ///< empty: made from the other fields
  SliceKind kind = SliceKind::kPlane;
  DirectionKind directions = DirectionKind::kFilter;
  std::string center = "best";       ///< "best", "zero", or the number of a minimum
  std::vector<int64_t> minima;       ///< for directions: minima; empty: 0, 1 (, 2)
  std::vector<std::string> axes;     ///< for directions: axes, "layer0.weight[0,0]"
  std::vector<double> range{-1, 1};  ///< of both coordinates
  int64_t points = 51;               ///< along each coordinate
  int64_t draw = 0;                  ///< which random directions
};

}  // namespace basin
