#include "curvature/hessian.h"

#include <ATen/Functions.h>

#include "core/error.h"
#include "core/random_vector.h"
#include "core/stop.h"
#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

torch::Tensor random_start(int64_t size, uint64_t index) {
  RandomStream random(0, Stream::kProbe, index);
  return normal_vector(random, size);
}

}  // namespace

double HessianSpectrum::min() const { return values[0].item<double>(); }
double HessianSpectrum::max() const { return values[-1].item<double>(); }

torch::Tensor dense_hessian(const Objective& objective, const torch::Tensor& theta) {
  require(theta.dim() == 1, "dense_hessian: theta must be [P]");
  return objective.hessian(theta.unsqueeze(0).contiguous()).squeeze(0);
}

SymmetricOperator hessian_operator(const Objective& objective,
                                   const torch::Tensor& theta) {
  const auto point = theta.unsqueeze(0).contiguous();
  return [&objective, point](const torch::Tensor& v) {
    check_stop();
    return objective.hessian_times(point, v.unsqueeze(0).contiguous())
        .squeeze(0)
        .to(torch::kFloat64);
  };
}

HessianSpectrum hessian_spectrum(const Objective& objective,
                                 const torch::Tensor& theta,
                                 const SpectrumOptions& options) {
  if (theta.size(0) <= options.dense_limit) {
    const auto hessian = dense_hessian(objective, theta);
    if (!hessian.isfinite().all().item<bool>()) {
      throw NumericError("hessian_spectrum: the Hessian is not finite");
    }
    const auto [values, vectors] = symmetric_eigen(hessian);
    return {.values = values, .vectors = vectors.t().contiguous(), .complete = true};
  }
  return lanczos_spectrum(hessian_operator(objective, theta),
                          theta.size(0),
                          options.lanczos_steps,
                          options.probe_index);
}

HessianSpectrum lanczos_spectrum(const SymmetricOperator& apply,
                                 int64_t size,
                                 int64_t steps,
                                 uint64_t probe_index) {
  const auto pairs =
      ritz_pairs(lanczos(apply, random_start(size, probe_index), {.max_steps = steps}));
  return {.values = pairs.values,
          .vectors = pairs.vectors,
          .complete = false,
          .min_residual = pairs.residuals[0].item<double>()};
}

}  // namespace basin
