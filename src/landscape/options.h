#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

enum class SliceKind { kLine, kPlane };

enum class SliceScale { kAuto, kLinear, kLog };

/// The words for a direction, in the order of DirectionKind.
inline const std::vector<std::string> kDirectionNames{"random",
                                                      "unit",
                                                      "filter",
                                                      "filter_with_bias",
                                                      "layer",
                                                      "minima",
                                                      "axes",
                                                      "eigenvectors",
                                                      "trajectory",
                                                      "file"};

enum class DirectionKind {
  kRandom,          ///< Gaussian, scaled to ‖θ‖ of the centre
  kUnit,            ///< Gaussian, of unit length
  kFilter,          ///< Gaussian, each unit's weights scaled to those of θ; biases 0
  kFilterWithBias,  ///< the same, the bias as one more weight of its unit
  kLayer,           ///< Gaussian, each layer's W and b scaled to those of θ
  kMinima,          ///< through two (line) or three (plane) minima
  kAxes,            ///< along named parameters
  kEigenvectors,    ///< of the Hessian at the centre, of unit length
  kTrajectory,      ///< principal components of the training trajectory, unit length
  kFile,            ///< rows of a NumPy file
};

/// What is drawn on a plane besides the loss.
inline const std::vector<std::string> kOverlayNames{
    "minima", "saddles", "trajectories", "segments", "paths"};

/// One line or plane of the landscape, as written.
struct SliceOptions {
  std::string name;  ///< empty: made from the other fields
  SliceKind kind = SliceKind::kPlane;
  std::vector<std::string> directions{"filter"};  ///< one for both axes, or one each
  std::string center = "best";  ///< "best", "every", "zero", or the number of a minimum
  std::vector<int64_t> minima;  ///< for directions: minima; empty: 0, 1 (, 2)
  std::vector<std::string> axes;      ///< of axes: "layer0.weight[0,0]", one an axis
  std::vector<int64_t> eigenvectors;  ///< 0: largest eigenvalue, -1: least; one an axis
  std::string file;                   ///< of file: `.npy`, `[P]` or `[k, P]`
  std::vector<double> range;          ///< of both coordinates; empty: what fits
  std::vector<double> range_y;        ///< of the second; empty: as the first
  int64_t points = 51;                ///< along each coordinate
  int64_t draw = 0;                   ///< which random directions
  int64_t repeats = 1;                ///< draws, `draw` and the next ones
  SliceScale scale = SliceScale::kAuto;  ///< of the figure
  std::vector<double> colour_limits;     ///< of a plane: low, high; empty: what fits
  std::vector<std::string> overlay;      ///< of kOverlayNames
  double quadratic = 0;   ///< draw how far the local quadratic model holds; 0: do not
  int64_t curvature = 0;  ///< map of extreme eigenvalues on so many points; 0: none
};

/// The kind that `word` names; it must be one of kDirectionNames.
DirectionKind direction_kind(const std::string& word);

/// The kind of each axis: one of a line, two of a plane.
std::vector<DirectionKind> axis_kinds(const SliceOptions& options);

}  // namespace basin
