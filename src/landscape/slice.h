#pragma once

#include <optional>
#include <string>

#include "core/layout.h"
#include "core/objective.h"
#include "landscape/options.h"
#include "minima/identify.h"

namespace basin {

/// A point drawn on a slice: a minimum, say.
struct SliceMark {
  std::string label;
  double x = 0;
  double y = 0;
};

/// The affine map (x, y) ↦ origin + x·u + y·v and the grid on it. How it was made
/// stands in `recipe`, so that it can be made again.
struct SliceFrame {
  std::string name;
  std::string recipe;
  SliceKind kind = SliceKind::kPlane;
  torch::Tensor origin, u, v;  ///< `[P]`; v is zero for a line
  torch::Tensor x, y;          ///< `[nx]`, `[ny]`; ny = 1 for a line
  std::vector<SliceMark> marks;
};

struct FrameOrProblem {
  std::optional<SliceFrame> frame;
  std::string problem;  ///< why there is no frame: "needs 2 minima, there is 1"
};

/// The frame that the options ask for. Directions through minima: each further minimum
/// is first moved by permutations and flips next to the first; the plane's axes are
/// orthonormal and the range is the bounding box of the minima, half as large again.
/// Filter normalisation: Li, Xu, Taylor, Studer, Goldstein 2018, section 4.
FrameOrProblem make_frame(const SliceOptions& options,
                          const ParameterLayout& layout,
                          const std::vector<Minimum>& minima,
                          uint64_t seed);

/// Loss and accuracy on the grid, `[ny, nx]`.
struct SliceValues {
  torch::Tensor loss;
  torch::Tensor accuracy;  ///< NaN where it is not defined
};

SliceValues evaluate_slice(const SampledObjective& objective,
                           const SliceFrame& frame,
                           int64_t threads);

/// The flat index of "layer0.weight[1,2]" or "layer0.bias[1]"; -1 if there is none.
int64_t parameter_index(const ParameterLayout& layout, const std::string& name);

}  // namespace basin
