// Second derivatives of NetworkObjective, and the loss along a line.

#include <ATen/Functions.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/error.h"
#include "model/dense_hessian.h"
#include "model/elementwise.h"
#include "model/line_loss.h"
#include "model/network_objective.h"

namespace basin {

using torch::Tensor;

// With ∂L/∂f taken for zero only the Gauss-Newton part is left of the closed form.
Tensor NetworkObjective::curvature_at(const Tensor& theta,
                                      bool only_gauss_newton) const {
  const auto last = static_cast<int64_t>(network_.layout.layers.size()) - 1;
  const auto activation = [&](int64_t layer, const Tensor& z) {
    const auto& o = network_.options;
    const auto phi = layer == last ? o.output_activation : o.activation;
    return std::array{elementwise_derivative(phi, 0, z),
                      elementwise_derivative(phi, 1, z),
                      elementwise_derivative(phi, 2, z)};
  };
  const auto top = [&](const Tensor& f) {
    auto jet = loss_jet(loss_, f, targets_);
    if (only_gauss_newton) jet.first = at::zeros_like(jet.first);
    return jet;
  };
  const auto decay = only_gauss_newton ? at::zeros_like(decay_) : decay_;
  return closed_hessian(network_, theta, inputs_, activation, top, decay).cpu();
}

Tensor NetworkObjective::hessian(const Tensor& theta) const {
  const auto all = placed(theta);
  std::vector<Tensor> out;
  for (int64_t b = 0; b < all.size(0); ++b) {
    out.push_back(curvature_at(all[b], /*only_gauss_newton=*/false));
  }
  return at::stack(out);
}

Tensor NetworkObjective::gauss_newton(const Tensor& theta) const {
  return curvature_at(placed(theta.unsqueeze(0))[0], /*only_gauss_newton=*/true);
}

// J v is the derivative by u of (Jᵀ u) · v.
Tensor NetworkObjective::gauss_newton_times(const Tensor& theta,
                                            const Tensor& v) const {
  const auto x = placed(theta.unsqueeze(0)).detach().requires_grad_(true);
  const auto direction = placed(v.unsqueeze(0));
  const auto f = forward(network_, x, inputs_)[0];
  const auto u = at::zeros_like(f).requires_grad_(true);
  const auto back = torch::autograd::grad({(f * u).sum()}, {x}, {}, true, true)[0];
  const auto moved =
      torch::autograd::grad({(back * direction).sum()}, {u}, {}, true, false)[0];
  const auto jet = loss_jet(loss_, f.detach(), targets_);
  const auto bent =
      jet.second.defined()
          ? jet.second * moved
          : jet.share * (moved - (jet.share * moved).sum(0, true)) * jet.weight;
  return torch::autograd::grad({(f * bent).sum()}, {x})[0].squeeze(0).cpu();
}

LineLoss NetworkObjective::on_line(const LineSegment& line, int64_t threads) const {
  const auto wide = [](const Tensor& x) { return x.cpu().to(torch::kFloat64); };
  return loss_on_line(
      network_, loss_, wide(inputs_).t(), wide(targets_).t(), decay(), line, threads);
}

}  // namespace basin
