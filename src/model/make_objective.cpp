#include "model/make_objective.h"

#include "core/error.h"
#include "model/fused_objective.h"

namespace basin {

std::unique_ptr<SampledObjective> make_objective(const Network& network,
                                                 const LossOptions& loss,
                                                 const Dataset& data,
                                                 const Placement& placement,
                                                 ComputePath& path) {
  constexpr int64_t kMost = int64_t{1} << 30;  // bytes: θ, its gradient, moments
  const auto group = 4 * network.layout.dimension * 16 * int64_t{4};
  const bool cpu = placement.device.is_cpu();
  if (path == ComputePath::kFused && !cpu) {
    throw InputError(
        "compute.path: expected autograd or auto, the fused kernels run on the cpu");
  }
  if (path == ComputePath::kAuto) {
    path = cpu && group <= kMost ? ComputePath::kFused : ComputePath::kAutograd;
  }
  if (path == ComputePath::kAutograd)
    return std::make_unique<NetworkObjective>(network, loss, data, placement);
  if (placement.dtype == torch::kFloat32)
    return std::make_unique<FusedObjective<float>>(network, loss, data);
  return std::make_unique<FusedObjective<double>>(network, loss, data);
}

}  // namespace basin
