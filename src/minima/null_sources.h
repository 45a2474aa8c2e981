#pragma once

#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// Tangents at θ along which L is claimed not to change, by what makes them so. The
/// claim is to be checked by finite moves: see sources_that_hold.
struct NullSource {
  std::string name;        ///< "scaling", "mixing", "bias shift", "logit shift", ...
  torch::Tensor tangents;  ///< `[k, P]`

  /// The finite move whose derivative at c = 0 is Σ c_k tangents_k: θ `[P]`, c `[k]` to
  /// θ' `[P]`. Empty: a straight line.
  std::function<torch::Tensor(const torch::Tensor& theta, const torch::Tensor& c)> move;

  /// A symmetry of L itself: true at every θ' near θ, not at θ alone.
  bool group = false;

  torch::Tensor moved(const torch::Tensor& theta, const torch::Tensor& c) const;
};

/// The continuous symmetries of the architecture at θ `[P]`: scaling of homogeneous and
/// quadratic units, mixing and bias shifts of units without activation, the shift of
/// all logits. `decayed`: weight decay acts on every parameter, so that only rotations
/// are left.
std::vector<NullSource> symmetry_sources(const ParameterLayout& layout,
                                         const torch::Tensor& theta,
                                         bool decayed);

/// Directions that the samples leave free: combinations of inputs that are zero on
/// every sample, parameters that only strictly inactive relu units would pass on (see
/// locally_free), rows of units that nothing reads, exchanges between units that
/// answer alike, mixtures of homogeneous units that are on the same side of every
/// sample. With decay on every parameter rotations alone are left, which keep the norm:
/// of units with parallel rows, (w, v) and (s w, s v), and of those on the same sides.
/// `probes` as from layer_probes at θ.
std::vector<NullSource> data_sources(const ParameterLayout& layout,
                                     const torch::Tensor& theta,
                                     const std::vector<LayerProbe>& probes,
                                     const std::vector<bool>& free,
                                     bool decayed);

/// θ `[P]` without what the samples leave free: parts of the first rows along
/// combinations of inputs that are zero on every sample, dead units, rows of units that
/// nothing reads. The outputs on the samples are the same; a decay may not be.
torch::Tensor reduced_on_data(const ParameterLayout& layout,
                              const torch::Tensor& theta,
                              const std::vector<LayerProbe>& probes);

/// How many independent directions each source adds to those before it.
struct ExplainedModes {
  int64_t total = 0;
  std::string text;     ///< "scaling 3, logit shift 4"
  torch::Tensor basis;  ///< orthonormal, `[total, P]`
};
ExplainedModes explain(const std::vector<NullSource>& sources, int64_t dimension);

}  // namespace basin
