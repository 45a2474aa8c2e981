#pragma once

#include "landscape/frame.h"

namespace basin {

/// Where θ `[P]` lies over the slice: the nearest point of the slice, and how far away.
SliceMark projected(const SliceFrame& frame, const torch::Tensor& theta);

/// The points `[T, P]` over the slice; points that are not finite are left out.
SlicePath projected_path(const SliceFrame& frame,
                         const torch::Tensor& points,
                         const std::string& label);

/// Draws what `options.overlay` names: minima and saddles, each moved by permutations
/// and flips next to the origin and projected (at most 40 of each), the segments
/// between those minima that lie on the plane, and the paths that begin at the origin.
void add_overlays(const SliceOptions& options,
                  const FrameSources& sources,
                  SliceFrame& frame);

}  // namespace basin
