#pragma once

#include "curvature/hessian.h"
#include "landscape/frame.h"

namespace basin {

/// Why a frame cannot be made; make_frame catches it.
struct FrameProblem {
  std::string text;
};

/// Minimum `id`; throws FrameProblem if there is none, naming how many were needed (0:
/// only this one).
const Minimum& minimum_of(int64_t id,
                          int64_t needed,
                          const std::vector<Minimum>& minima);

/// Where a frame is centred.
struct FrameCentre {
  torch::Tensor theta;
  std::string name;
  int64_t seed = -1;                             ///< that ended there; -1: none
  bool bare = false;                             ///< no endpoint: θ = 0
  std::optional<HessianSpectrum> spectrum = {};  ///< once an axis has asked for it
};

FrameCentre find_centre(const SliceOptions& options, const FrameSources& sources);

/// A direction and what its axis is called.
struct FrameAxis {
  torch::Tensor direction;
  std::string label;
};

/// Axis `which` of the frame, of any kind but `minima`; `both`: the axes of a plane are
/// of one kind.
FrameAxis make_axis(DirectionKind kind,
                    const SliceOptions& options,
                    size_t which,
                    bool both,
                    FrameCentre& centre,
                    const FrameSources& sources);

/// How the label of an axis through minima begins.
inline constexpr std::string_view kTowards = "towards ";

/// From the first of two minima, which becomes the centre, to the second, moved next to
/// it.
FrameAxis minima_axis(const SliceOptions& options,
                      FrameCentre& centre,
                      const FrameSources& sources);

/// θ along the training of the seed that ended at the centre, `[T, P]`.
torch::Tensor trajectory_of(const FrameCentre& centre, const FrameSources& sources);

}  // namespace basin
