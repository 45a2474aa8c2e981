#include "convexity/box.h"

#include <ATen/Functions.h>

#include <cmath>
#include <limits>

#include "convexity/second_order.h"
#include "core/stop.h"
#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr double kMostWork = 2e6;
constexpr int kHalvings = 30;

/// The loss with its derivatives on one box.
class BoxLoss {
 public:
  BoxLoss(const BoxProblem& p, const Tensor& theta, double radius) : problem_(p) {
    const auto size = static_cast<size_t>(theta.numel());
    const auto flat = theta.contiguous();
    for (size_t i = 0; i < size; ++i) {
      const double x = flat.data_ptr<double>()[i];
      variables_.push_back(SecondOrder::variable(
          size,
          i,
          radius == 0 ? Interval(x) : Interval(below(x - radius), above(x + radius))));
    }
  }

  SecondOrder value() const {
    const auto samples = problem_.inputs.size(0);
    SecondOrder out(variables_.size());
    const double n = static_cast<double>(samples);
    for (int64_t s = 0; s < samples; ++s) {
      check_stop();
      out.add(sample_loss(outputs(s), s), Interval(below(1 / n), above(1 / n)));
    }
    add_decay(out);
    return out;
  }

 private:
  using Layer = std::vector<SecondOrder>;

  Layer outputs(int64_t sample) const {
    const auto& network = problem_.network;
    const auto& layers = network.layout.layers;
    Layer a;
    const auto x = problem_.inputs[sample];
    for (int64_t d = 0; d < x.size(0); ++d)
      a.emplace_back(variables_.size(), Interval(x[d].item<double>()));
    for (size_t l = 0; l < layers.size(); ++l) {
      const auto& layer = layers[l];
      const auto kind = l + 1 == layers.size() ? network.options.output_activation
                                               : network.options.activation;
      Layer next;
      for (int64_t r = 0; r < layer.rows; ++r) {
        SecondOrder z(variables_.size());
        for (int64_t c = 0; c < layer.columns; ++c) {
          const auto w = static_cast<size_t>(layer.weight + r * layer.columns + c);
          if (l == 0) {
            z.add(variables_[w], a[static_cast<size_t>(c)].value);
          } else {
            z.add(product(variables_[w], a[static_cast<size_t>(c)]));
          }
        }
        if (layer.bias >= 0) z.add(variables_[static_cast<size_t>(layer.bias + r)]);
        next.push_back(composed(z, enclosure_of(kind, z.value)));
        if (network.skips(static_cast<int64_t>(l)))
          next.back().add(a[static_cast<size_t>(r)]);
      }
      a = std::move(next);
    }
    return a;
  }

  SecondOrder sample_loss(const Layer& f, int64_t sample) const {
    const auto y = problem_.targets[sample];
    const auto target = [&](size_t k) {
      return y[static_cast<int64_t>(k)].item<double>();
    };
    SecondOrder out(variables_.size());
    if (problem_.loss.kind == LossKind::kCrossEntropy) return softmax_loss(f, y);
    const auto residual = [&](size_t k) {  // f − y
      auto r = f[k];
      r.value = r.value - Interval(target(k));
      return r;
    };
    const auto wrong = [&](size_t k) {  // −y f
      SecondOrder z(variables_.size());
      z.add(f[k], Interval(-target(k)));
      return z;
    };
    const auto through = [](const SecondOrder& z, Elementwise phi) {
      return composed(z, enclosure_of(phi, z.value));
    };
    for (size_t k = 0; k < f.size(); ++k) {
      switch (problem_.loss.kind) {
        case LossKind::kMse:
          out.add(through(residual(k), Elementwise::kSquare), 0.5);
          break;
        case LossKind::kHuber: {
          const auto r = residual(k);
          out.add(composed(r, huber(r.value, problem_.loss.huber_delta)));
          break;
        }
        case LossKind::kAbsolute:
          out.add(through(residual(k), Elementwise::kAbs));
          break;
        case LossKind::kLogistic:
          out.add(through(wrong(k), Elementwise::kSoftplus));
          break;
        case LossKind::kHinge: {
          auto z = wrong(k);
          z.value = z.value + Interval(1.0);
          out.add(through(z, Elementwise::kRelu));
          break;
        }
        case LossKind::kSigmoidCrossEntropy:
          out.add(through(f[k], Elementwise::kSoftplus));
          out.add(f[k], Interval(-target(k)));
          break;
        case LossKind::kCrossEntropy:
          break;  // above
      }
    }
    return out;
  }

  // log Σ exp(f_k − c) + c − Σ y_k f_k with Σ y = 1, c near the largest output.
  SecondOrder softmax_loss(const Layer& f, const Tensor& y) const {
    double c = -std::numeric_limits<double>::infinity();
    for (const auto& fk : f) c = std::max(c, 0.5 * (fk.value.low + fk.value.high));
    SecondOrder sum(variables_.size());
    for (auto fk : f) {
      fk.value = fk.value - Interval(c);
      sum.add(composed(fk, exponential(fk.value)));
    }
    auto out = composed(sum, logarithm(sum.value));
    out.value = out.value + Interval(c);
    for (size_t k = 0; k < f.size(); ++k)
      out.add(f[k], Interval(-y[static_cast<int64_t>(k)].item<double>()));
    return out;
  }

  void add_decay(SecondOrder& out) const {
    const double decay = problem_.loss.weight_decay;
    if (decay == 0) return;
    for (const auto& layer : problem_.network.layout.layers) {
      const auto count =
          layer.rows * layer.columns +
          (layer.bias >= 0 && problem_.loss.decay_biases ? layer.rows : 0);
      for (int64_t k = 0; k < count; ++k) {
        const auto i = static_cast<size_t>(layer.weight + k);
        const auto& v = variables_[i].value;
        out.value = out.value + Interval(0.5) * Interval(decay) * square(v);
        out.gradient[i] = out.gradient[i] + Interval(decay) * v;
        out.hessian_at(i, i) = out.hessian_at(i, i) + Interval(decay);
      }
    }
  }

  const BoxProblem& problem_;
  std::vector<SecondOrder> variables_;
};

// True if A − shift I is positive definite for sure: a Cholesky factorisation of A less
// what its rounding may hide succeeds.
bool surely_positive(const Tensor& a, double shift) {
  const auto n = a.size(0);
  const double size = a.diagonal().abs().max().item<double>() + std::abs(shift);
  const double hidden =
      4 * static_cast<double>((n + 2) * (n + 1)) * 0x1p-53 * size + 0x1p-1000;
  const auto shifted = a - (shift + hidden) * at::eye(n, torch::kFloat64);
  const auto [factor, info] = at::linalg_cholesky_ex(shifted);
  return info.item<int64_t>() == 0 && factor.isfinite().all().item<bool>();
}

// A lower bound of the spectrum of every matrix in the enclosure; −∞ if there is none.
double spectrum_bound(const SecondOrder& f) {
  const auto n = static_cast<int64_t>(f.variables());
  auto middle = at::empty({n, n}, torch::kFloat64);
  auto radius = at::empty({n, n}, torch::kFloat64);
  auto* m = middle.data_ptr<double>();
  auto* r = radius.data_ptr<double>();
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = i; j < n; ++j) {
      const auto& h = f.hessian_at(static_cast<size_t>(i), static_cast<size_t>(j));
      const double centre = 0.5 * (h.low + h.high);
      m[i * n + j] = m[j * n + i] = centre;
      r[i * n + j] = r[j * n + i] = above(std::max(h.high - centre, centre - h.low));
    }
  }
  if (!middle.isfinite().all().item<bool>() || !radius.isfinite().all().item<bool>())
    return -std::numeric_limits<double>::infinity();
  // ‖R‖₂ <= the largest row sum, for a symmetric R.
  const double spread =
      above(radius.sum(1).max().item<double>(), 4.0 * static_cast<double>(n));
  const double least = symmetric_eigenvalues(middle)[0].item<double>();
  for (const double share : {0.99, 0.9, 0.5}) {
    if (least > 0 && surely_positive(middle, share * least))
      return below(share * least - spread, 4);
  }
  return below(least - spread, 4) < 0 ? below(least - spread, 4) : -spread;
}

double gradient_bound(const SecondOrder& f) {
  double sum = 0;
  for (const auto& g : f.gradient) {
    const double size = std::max(std::abs(g.low), std::abs(g.high));
    sum = above(sum + above(size * size));
  }
  return above(std::sqrt(sum), 2);
}

}  // namespace

bool can_certify_box(const BoxProblem& p) {
  const auto size = static_cast<double>(p.network.layout.dimension);
  return size * size * size * static_cast<double>(p.inputs.size(0)) <= kMostWork;
}

BoxCertificate certify_box(const BoxProblem& problem, const Tensor& theta) {
  BoxCertificate out;
  try {
    out.gradient = gradient_bound(BoxLoss(problem, theta, 0).value());
    double radius = 1;
    for (int k = 0; k <= kHalvings; ++k, radius *= 0.5) {
      double bound = -std::numeric_limits<double>::infinity();
      try {
        bound = spectrum_bound(BoxLoss(problem, theta, radius).value());
      } catch (const NoEnclosure& none) {
        if (k == kHalvings) throw;
        continue;
      }
      out.margin = bound;
      if (!(bound > 0)) continue;
      out.radius = radius;
      out.curvature = bound;
      return out;
    }
    out.problem = "the Hessian is not surely positive definite on the smallest box";
  } catch (const NoEnclosure& none) {
    out.problem = none.why;
  }
  return out;
}

}  // namespace basin
