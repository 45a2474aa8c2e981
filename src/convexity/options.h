#pragma once

#include <cstdint>

namespace basin {

/// What is asked about the convexity of the loss.
struct ConvexityOptions {
  bool verdict = true;
  int64_t boxes = 5;      ///< certified minima round which a box of convexity is sought
  int64_t chords = 200;   ///< random ones between initial points, as a description
  int64_t hessians = 20;  ///< at initial points, as a description; up to 500 parameters
};

}  // namespace basin
