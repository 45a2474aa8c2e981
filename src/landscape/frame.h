#pragma once

#include <functional>
#include <limits>
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
  double away = 0;      ///< distance from the slice, in θ
  bool saddle = false;  ///< else a minimum, or the centre
  bool bare = false;    ///< a place without a verdict: θ = 0, say
  /// L at the point itself, and on the slice where it is drawn. NaN: not found.
  double loss = std::numeric_limits<double>::quiet_NaN();
  double slice_loss = std::numeric_limits<double>::quiet_NaN();
};

/// A polyline drawn on a plane, `[T]` each; the last three are empty where only the
/// drawing is known.
struct SlicePath {
  std::string label;
  std::vector<double> x, y;
  std::vector<double> away = {};        ///< distance of the point from the plane, in θ
  std::vector<double> loss = {};        ///< L at the point itself
  std::vector<double> plane_loss = {};  ///< L on the plane where the point is drawn
};

/// The affine map (x, y) ↦ origin + x·u + y·v and the grid on it. How it was made
/// stands in `recipe`, so that it can be made again.
struct SliceFrame {
  std::string name;
  std::string series;  ///< the name in the config; several repeats share it
  std::string recipe;
  SliceKind kind = SliceKind::kPlane;
  torch::Tensor origin, u, v;  ///< `[P]`; v is zero for a line
  torch::Tensor x, y;          ///< `[nx]`, `[ny]`; ny = 1 for a line
  std::string x_label = "direction 1", y_label = "direction 2";
  std::vector<SliceMark> marks;
  std::vector<SlicePath> paths;
};

/// A polyline through parameter space, `[T, P]`: a band between two minima.
struct SpacePath {
  std::string label;
  torch::Tensor points;
};

struct FrameOrProblem {
  std::optional<SliceFrame> frame;
  std::string problem;  ///< why there is no frame: "needs 2 minima, there is 1"
};

/// What directions are made from.
struct FrameSources {
  const SampledObjective& objective;
  const ParameterLayout& layout;
  const std::vector<Minimum>& minima;
  const std::vector<Endpoint>& saddles;
  uint64_t seed = 0;
  std::vector<SpacePath> paths = {};
  /// The rows of the file of a slice, `[k, P]`.
  std::function<torch::Tensor(const SliceOptions&)> file = nullptr;
  /// θ along the training of a seed, `[T, P]`; undefined if it was not kept.
  std::function<torch::Tensor(int64_t)> trajectory = nullptr;
};

/// The frame that the options ask for. Directions through minima: each further minimum
/// is first moved by permutations and flips next to the first; the plane's axes are
/// orthonormal. Without a range: -1 to 1, or the bounding box of the minima or of the
/// trajectory, half as large again.
FrameOrProblem make_frame(const SliceOptions& options, const FrameSources& sources);

/// One entry for each slice that is to be drawn: repeats and "every" taken apart.
std::vector<SliceOptions> expanded(const SliceOptions& options,
                                   const std::vector<Minimum>& minima);

/// The flat index of "layer0.weight[1,2]" or "layer0.bias[1]"; -1 if there is none.
int64_t parameter_index(const ParameterLayout& layout, const std::string& name);

}  // namespace basin
