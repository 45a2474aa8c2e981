#include "connectivity/curve.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>

#include "core/stop.h"
#include "curvature/symmetric_eigen.h"
#include "train/lbfgs.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kSearched = 129;

/// Nodes and weights on [0, 1]: eigenpairs of Legendre's Jacobi matrix.
/// Golub and Welsch, Math. Comp. 23 (1969).
struct Quadrature {
  Tensor nodes, weights;
};

Quadrature gauss_legendre(int64_t n) {
  auto jacobi = at::zeros({n, n}, torch::kFloat64);
  for (int64_t k = 1; k < n; ++k) {
    const auto x = static_cast<double>(k);
    jacobi[k][k - 1] = jacobi[k - 1][k] = x / std::sqrt(4 * x * x - 1);
  }
  const auto [values, vectors] = symmetric_eigen(jacobi);
  return {0.5 * (values + 1), vectors[0].square().contiguous()};
}

// Share of each control point at each t, `[n, bends + 2]`.
Tensor shares(CurveKind kind, int64_t points, const Tensor& t) {
  const auto n = t.size(0);
  auto out = at::zeros({n, points}, torch::kFloat64);
  const auto degree = points - 1;
  for (int64_t i = 0; i < n; ++i) {
    const double x = t[i].item<double>();
    if (kind == CurveKind::kBezier) {
      double choose = 1;
      for (int64_t k = 0; k <= degree; ++k) {
        out[i][k] = choose * std::pow(x, static_cast<double>(k)) *
                    std::pow(1 - x, static_cast<double>(degree - k));
        choose *= static_cast<double>(degree - k) / static_cast<double>(k + 1);
      }
    } else {
      const double place = x * static_cast<double>(degree);
      const auto k = std::clamp<int64_t>(static_cast<int64_t>(place), 0, degree - 1);
      out[i][k] = 1 - (place - static_cast<double>(k));
      out[i][k + 1] = place - static_cast<double>(k);
    }
  }
  return out;
}

/// The mean loss as a function of the inner control points, `[bends · P]`.
class MeanLoss final : public Objective {
 public:
  MeanLoss(const Objective& loss,
           const Tensor& a,
           const Tensor& b,
           const CurveOptions& o)
      : loss_(loss), a_(a), b_(b), bends_(o.bends) {
    const auto q = gauss_legendre(o.nodes);
    shares_ = shares(o.kind, o.bends + 2, q.nodes);
    weights_ = q.weights;
  }

  int64_t dimension() const override { return bends_ * a_.size(0); }
  int64_t preferred_rows() const override { return 1; }
  Smoothness smoothness() const override { return Smoothness::kUnknown; }

  Tensor value(const Tensor& theta) const override {
    return value_and_gradient(theta).value;
  }

  ValueAndGradient value_and_gradient(const Tensor& theta) const override {
    std::vector<Tensor> value, gradient;
    for (int64_t row = 0; row < theta.size(0); ++row) {
      check_stop();
      const auto inner = theta[row].view({bends_, -1});
      const auto control = at::cat({a_.unsqueeze(0), inner, b_.unsqueeze(0)});
      const auto answer =
          loss_.value_and_gradient(at::mm(shares_, control).contiguous());
      const auto g = answer.gradient.to(torch::kFloat64) * weights_.unsqueeze(1);
      value.push_back(answer.value.to(torch::kFloat64).dot(weights_));
      gradient.push_back(at::mm(shares_.t(), g).narrow(0, 1, bends_).reshape({-1}));
    }
    return {at::stack(value), at::stack(gradient)};
  }

  Tensor hessian_times(const Tensor& theta, const Tensor& v) const override {
    const double h = 1e-5;  // of no use to L-BFGS; by differences
    return (value_and_gradient(theta + h * v).gradient -
            value_and_gradient(theta - h * v).gradient) /
           (2 * h);
  }

 private:
  const Objective& loss_;
  Tensor a_, b_;
  int64_t bends_;
  Tensor shares_, weights_;
};

}  // namespace

Tensor points_of(const Curve& curve, const Tensor& t) {
  return at::mm(shares(curve.kind, curve.control.size(0), t), curve.control)
      .contiguous();
}

Curve optimise_curve(const Objective& objective,
                     const Tensor& a,
                     const Tensor& b,
                     const CurveOptions& options) {
  const MeanLoss mean(objective, a, b, options);
  const auto s = at::linspace(0, 1, options.bends + 2, torch::kFloat64)
                     .narrow(0, 1, options.bends);
  const auto start = ((1 - s.unsqueeze(1)) * a + s.unsqueeze(1) * b).reshape({1, -1});
  const auto found = minimize_lbfgs(
      mean,
      start.contiguous(),
      {.max_iterations = options.iterations, .gradient_tolerance = 1e-6});
  Curve out{
      .kind = options.kind,
      .control = at::cat(
          {a.unsqueeze(0), found.theta[0].view({options.bends, -1}), b.unsqueeze(0)}),
      .mean = found.value[0].item<double>(),
      .searched = kSearched,
      .iterations = found.iterations[0],
      .converged = found.end[0] == LbfgsEnd::kConverged};
  auto t = at::linspace(0, 1, kSearched, torch::kFloat64);
  for (int round = 0; round < 4; ++round) {
    const auto loss = at::nan_to_num(
        objective.value(points_of(out, t)).to(torch::kFloat64), 1e300, 1e300);
    const auto best = loss.argmax().item<int64_t>();
    if (round == 0 || loss[best].item<double>() > out.top) {
      out.top = loss[best].item<double>();
      out.at = t[best].item<double>();
    }
    const double low = t[std::max<int64_t>(0, best - 1)].item<double>();
    const double high = t[std::min(t.size(0) - 1, best + 1)].item<double>();
    t = at::linspace(low, high, 17, torch::kFloat64);
  }
  return out;
}

}  // namespace basin
