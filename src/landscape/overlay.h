#pragma once

#include "landscape/frame.h"

namespace basin {

/// Where θ `[P]` lies over the slice: the nearest point of the slice, and how far away.
SliceMark projected(const SliceFrame& frame, const torch::Tensor& theta);

/// The points `[T, P]` over the slice, how far each is away from it, and the two losses
/// that a picture must tell apart: of the point, and of the slice under it. Points that
/// are not finite are left out.
SlicePath projected_path(const Objective& objective,
                         const SliceFrame& frame,
                         const torch::Tensor& points,
                         const std::string& label);

/// Gives every mark the loss of the slice where it is drawn. A mark without a loss of
/// its own lies on the slice and gets the same.
void find_slice_losses(const Objective& objective, SliceFrame& frame);

/// Draws what `options.overlay` names: minima and saddles, each moved by permutations
/// and flips next to the origin and projected (at most 40 of each), the segments
/// between those minima that lie on the plane, and the paths that begin at the origin.
void add_overlays(const SliceOptions& options,
                  const FrameSources& sources,
                  SliceFrame& frame);

}  // namespace basin
