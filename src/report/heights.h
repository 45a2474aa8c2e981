#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <utility>

#include "landscape/options.h"
#include "report/contours.h"

namespace basin {

/// How a slice is drawn.
struct SliceStyle {
  SliceScale scale = SliceScale::kAuto;
  double quadratic = 0;  ///< outline how far the quadratic model errs by less; 0: none
  std::optional<std::pair<double, double>> limits;  ///< of the colours; none: what fits
};

/// Heights of a figure: a channel, or its logarithm, cut to [low, high].
struct Heights {
  HeightGrid grid;
  double low = 0, high = 1;
  bool log = false;
  double floor = 0;     ///< in the channel's unit, if log: none is drawn lower
  double resolved = 0;  ///< `resolved_zero` of the channel
  double least = 0, greatest = 0;  ///< of the channel's finite values
  double below = 0, above = 0;  ///< shares of them drawn at the floor, and at the top

  double value(double height) const;  ///< back from the logarithm
  double height(double value) const;  ///< cut to [low, high]; NaN stays
  double share(double height) const { return (height - low) / (high - low); }
};

/// What a grid resolves of a zero, in the unit of z >= 0; 0 if it meets none.
///
/// A valley of loss 0 between the points of a grid is seen at the points next to it,
/// at most half a step away: along an axis with step h and curvature c they show up to
/// ½ c (h/2)² = D/8, D = c h² the second difference. These values say where the grid
/// lies, not what the loss does, and on a logarithmic scale each of them is a bead. So:
/// at every point no higher than its neighbours along an axis, r is the sum of D/8 over
/// those axes; where z <= 2r the grid cannot tell z from 0. The result is the largest
/// such r. (At a kink a |t| the points show up to a h/2, and r is at most a h/4.)
double resolved_zero(const HeightGrid& grid);

/// The values `[ny, nx]` as heights. Logarithmic if asked, or if they are not negative
/// and span a decade; then none is drawn lower than `resolved_zero`, nor, without
/// limits, than 1e-6 of the median. Without limits the colours end at the greatest
/// value, but
///   log: not more than max(2, its distance from the low end) decades above the median;
///   linear: not more than 3 times as high as three quarters of the points,
/// so that a loss that explodes leaves colours to the minimum. Quantiles are of the
/// points above the low end.
Heights heights_of(const torch::Tensor& values, const SliceStyle& style);

/// "; colours end at 30: 12 % of the points lie higher, up to 1e+09", and what is below
/// the floor; "" if nothing is cut.
std::string cut_sentence(const Heights& heights);

HeightGrid grid_of(const torch::Tensor& values);

}  // namespace basin
