#include <ATen/Functions.h>
#include <fmt/format.h>

#include <cmath>

#include "core/random_vector.h"
#include "verify/held_slopes.h"
#include "verify/kink_check.h"
#include "verify/kink_sites.h"
#include "verify/points.h"

namespace basin {
namespace {

using torch::Tensor;

// Of a convex loss every place speaks: one that is lower, near or far, refutes it.
void check_nowhere_less(const CertificateContext& context,
                        const std::vector<Real>& theta,
                        Real loss,
                        std::vector<std::string>& faults) {
  RandomStream random(0, Stream::kProbe, 13);
  for (int trial = 0; trial < 200; ++trial) {
    const auto step = normal_vector(random, static_cast<int64_t>(theta.size()));
    const Real length = std::pow(Real{10}, Real{-6} + 7 * Real{random.uniform()});
    const auto value = context.reference.evaluate(moved(theta, step, length), {}).value;
    const Real fall = loss - value;
    if (fall > 1e-15L * (1 + std::abs(loss))) {
      faults.push_back(
          fmt::format("the loss is {:.1e} less {:.1e} away",
                      static_cast<double>(fall),
                      static_cast<double>(length) * step.norm().item<double>()));
      return;
    }
  }
}

}  // namespace

void check_convex(const CertificateContext& context,
                  const Endpoint& e,
                  const std::vector<Real>& theta,
                  const ReferenceValue& at,
                  std::vector<std::string>& faults) {
  if (!context.convex) {
    faults.emplace_back("no composition rule shows that the loss is convex");
    return;
  }
  const auto active = active_sites(context, theta, at);
  if (static_cast<int64_t>(active.size()) != e.kinks) {
    faults.push_back(fmt::format("{} kinks, not {}", active.size(), e.kinks));
    return;
  }
  const auto groups = grouped_sites(context, theta, at, active, {});
  const auto held =
      held_slopes(context, theta, at, groups, {}, all_parameters(theta.size()));
  const double limit = gradient_limit(context, theta, held.slopes);
  const double size = held.gradient.abs().max().item<double>();
  if (!(size <= limit)) faults.push_back(fmt::format("gradient {:.1e}", size));
  if (!active.empty() &&
      !(held.margin >= -1e-9 && held.force.min().item<double>() > 0)) {
    faults.push_back(
        fmt::format("a kink needs a slope {:.1e} beyond its ends", -held.margin));
  }
  check_nowhere_less(context, theta, at.value, faults);
}

}  // namespace basin
