#include "convexity/dual_bound.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random_vector.h"
#include "core/stop.h"
#include "model/elementwise.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kMostSamples = 400;
constexpr int kAscents = 256;
constexpr double kSlack = 1e-10;  // rounding of the ratio, relative

std::string problem_of(const ModelOptions& model, const LossOptions& loss) {
  if (model.depth != 1) return "it is known for one hidden layer";
  if (!has_kink(model.activation)) return "it is known for relu, leaky_relu and abs";
  if (model.output_activation != Elementwise::kIdentity)
    return "it is known for outputs without an activation";
  if (loss.weight_decay == 0) return "it needs weight decay";
  if (!loss.decay_biases && (model.bias || model.output_bias))
    return "it needs decay on biases too";
  if (loss.kind == LossKind::kHinge || loss.kind == LossKind::kAbsolute)
    return "the derivative of this loss is not unique on its kink";
  return "";
}

// N λ: the derivative of the loss of each sample by its outputs.
Tensor slopes_of_loss(const LossOptions& loss, const Tensor& f, const Tensor& y) {
  switch (loss.kind) {
    case LossKind::kMse:
      return f - y;
    case LossKind::kHuber:
      return (f - y).clamp(-loss.huber_delta, loss.huber_delta);
    case LossKind::kLogistic:
      return -y * at::sigmoid(-y * f);
    case LossKind::kCrossEntropy:
      return at::softmax(f, 1) - y;
    default:
      return at::sigmoid(f) - y;
  }
}

Tensor entropy(const Tensor& p) { return at::xlogy(p, p); }

// Mean over samples of ℓ*(N λ).
double conjugate(const LossOptions& loss, const Tensor& s, const Tensor& y) {
  const double n = static_cast<double>(s.size(0));
  const auto total = [&](const Tensor& t) { return t.sum().item<double>() / n; };
  switch (loss.kind) {
    case LossKind::kMse:
    case LossKind::kHuber:
      return total(0.5 * s * s + s * y);
    case LossKind::kLogistic: {
      const auto p = -s * y;
      return total(entropy(p) + entropy(1 - p));
    }
    case LossKind::kCrossEntropy:
      return total(entropy((s + y).clamp(0, 1)));
    default: {
      const auto p = (s + y).clamp(0, 1);
      return total(entropy(p) + entropy(1 - p));
    }
  }
}

/// c(u) = Σ λ_n φ(u·a_n), and its maximum.
class Search {
 public:
  Search(const Tensor& a, const Tensor& lambda, KinkSlopes slopes)
      : a_(a), lambda_(lambda), slopes_(slopes) {}

  void try_point(const Tensor& u) {
    const double size = u.norm().item<double>();
    if (!(size > 0)) return;
    const auto unit = u / size;
    const double value = (matrix(unit).mv(unit)).norm().item<double>();
    if (value > best) {
      best = value;
      direction = unit;
    }
  }

  // M with c(v) = M v on the cell of `u`, `[K, m]`.
  Tensor matrix(const Tensor& u) const {
    const auto above = (a_.mv(u) > 0).to(torch::kFloat64);
    const auto slope = slopes_.low + (slopes_.high - slopes_.low) * above;
    return lambda_.t().mm(slope.unsqueeze(1) * a_);
  }

  // The most that M does to a unit vector of its cell's span: ± its first singular
  // vector, inside the cell or not.
  void try_matrix(const Tensor& m, const Tensor& basis) {
    const auto [values, vectors] = at::linalg_eigh(basis.t().mm(m.t()).mm(m).mm(basis));
    const auto u = basis.mv(vectors.select(1, -1));
    try_point(u);
    try_point(-u);
  }

  void ascend(Tensor u) {
    for (int i = 0; i < 50; ++i) {
      try_point(u);  // c is not convex: a step can fall
      const auto m = matrix(u);
      const auto next = m.t().mv(m.mv(u));
      const double size = next.norm().item<double>();
      if (!(size > 0)) break;
      u = next / size;
    }
    try_point(u);
  }

  // All cells, arcs and corners of the arrangement on the circle of `basis` `[m, 2]`;
  // with a `normal`, also the cells of the sphere on both sides of each arc.
  void circle(const Tensor& basis, const Tensor& normal) {
    std::vector<double> angles;
    const auto plane = a_.mm(basis).contiguous();
    for (int64_t n = 0; n < plane.size(0); ++n) {
      const double x = plane[n][0].item<double>(), y = plane[n][1].item<double>();
      if (std::hypot(x, y) < 1e-14) continue;
      const double angle = std::atan2(x, -y);
      angles.push_back(angle);
      angles.push_back(angle > 0 ? angle - M_PI : angle + M_PI);
    }
    if (angles.empty()) angles = {0};
    std::sort(angles.begin(), angles.end());
    for (size_t k = 0; k < angles.size(); ++k) {
      const double next = k + 1 < angles.size() ? angles[k + 1] : angles[0] + 2 * M_PI;
      try_point(basis.mv(at_angle(angles[k])));
      const auto inside = basis.mv(at_angle(0.5 * (angles[k] + next)));
      try_matrix(matrix(inside), basis);
      if (!normal.defined()) continue;
      const double step = 1e-7 * std::max(1e-6, next - angles[k]);
      const auto all = at::eye(basis.size(0), torch::kFloat64);
      try_matrix(matrix(inside + step * normal), all);
      try_matrix(matrix(inside - step * normal), all);
    }
  }

  double best = 0;
  Tensor direction;

 private:
  static Tensor at_angle(double t) {
    return at::tensor({std::cos(t), std::sin(t)}, torch::kFloat64);
  }

  Tensor a_, lambda_;
  KinkSlopes slopes_;
};

// Two vectors that span what is orthogonal to a unit vector of R³.
Tensor orthogonal(const Tensor& normal) {
  const auto axis = at::zeros({3}, torch::kFloat64);
  axis[normal.abs().argmin().item<int64_t>()] = 1.0;
  auto first = at::cross(normal, axis, 0);
  first = first / first.norm();
  return at::stack({first, at::cross(normal, first, 0)}, 1);
}

void search_all(Search& search, const Tensor& a) {
  const auto m = a.size(1);
  const auto all = at::eye(m, torch::kFloat64);
  if (m == 1) {
    search.try_point(all[0]);
    search.try_point(-all[0]);
  } else if (m == 2) {
    search.circle(all, {});
  } else {
    for (int64_t n = 0; n < a.size(0); ++n) {
      check_stop();
      const double size = a[n].norm().item<double>();
      if (size > 0) {
        const auto normal = a[n] / size;
        search.circle(orthogonal(normal), normal);
      }
    }
  }
}

}  // namespace

DualBound dual_bound(const ModelOptions& model,
                     const LossOptions& loss,
                     const Tensor& inputs,
                     const Tensor& outputs,
                     const Tensor& targets) {
  DualBound out{.lower = std::numeric_limits<double>::quiet_NaN(),
                .problem = problem_of(model, loss)};
  if (!out.problem.empty()) return out;
  const auto x = inputs.to(torch::kFloat64), y = targets.to(torch::kFloat64);
  const auto a = model.bias ? at::cat({x, at::ones({x.size(0), 1}, x.options())}, 1)
                            : x.contiguous();
  const auto s = slopes_of_loss(loss, outputs.to(torch::kFloat64), y);
  const auto lambda = s / static_cast<double>(s.size(0));
  Search search(a, lambda, kink_slopes(model.activation));
  out.exact = a.size(1) <= 3 && a.size(0) <= kMostSamples;
  if (out.exact) {
    search_all(search, a);
  } else {
    for (int k = 0; k < kAscents; ++k) {
      check_stop();
      RandomStream random(0, Stream::kProbe, static_cast<uint64_t>(k));
      search.ascend(normal_vector(random, a.size(1)));
    }
  }
  out.ratio = search.best / loss.weight_decay;
  out.direction = search.direction;
  if (!out.exact) return out;
  // Inside the cone of feasible λ, rounding of the ratio included.
  const double shrink = std::min(1.0, (1 - kSlack) / out.ratio);
  out.lower = -conjugate(loss, s * shrink, y);
  if (model.output_bias) {
    const auto sum = (lambda * shrink).sum(0);
    out.lower -= sum.square().sum().item<double>() / (2 * loss.weight_decay);
  }
  return out;
}

}  // namespace basin
