#include "model/elementwise.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace basin {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr double kLeak = 0.01;

Tensor mask(const Tensor& condition, const Tensor& like) {
  return condition.to(like.scalar_type());
}

Tensor logistic(const Tensor& z) { return z.neg().exp_().add_(1).reciprocal_(); }

Tensor one_minus(const Tensor& a) { return a.neg().add_(1); }

// exp(z) − 1 below zero, 0 above, so that nothing overflows.
Tensor elu_part(const Tensor& z) { return z.clamp_max(0).expm1_(); }

Tensor normal_cdf(const Tensor& z) {
  return z.mul(1 / std::numbers::sqrt2).erf_().add_(1).mul_(0.5);
}

Tensor normal_pdf(const Tensor& z) {
  return z.mul(z).mul_(-0.5).exp_().mul_(1 / std::sqrt(2 * std::numbers::pi));
}

Tensor value(Elementwise kind, const Tensor& z, double parameter) {
  switch (kind) {
    case Elementwise::kIdentity:
      return z;
    case Elementwise::kRelu:
      return z.clamp_min(0);
    case Elementwise::kLeakyRelu:
      return at::maximum(z, z.mul(kLeak));
    case Elementwise::kTanh:
      return z.tanh();
    case Elementwise::kSigmoid:
      return logistic(z);
    case Elementwise::kSoftplus:
      return z.abs().neg_().exp_().log1p_().add_(z.clamp_min(0));
    case Elementwise::kGelu:
      return normal_cdf(z).mul_(z);
    case Elementwise::kSilu:
      return logistic(z).mul_(z);
    case Elementwise::kElu:
      return elu_part(z).add_(z.clamp_min(0));
    case Elementwise::kSin:
      return z.sin();
    case Elementwise::kSquare:
      return z.mul(z);
    case Elementwise::kAbs:
      return z.abs();
    case Elementwise::kHuber: {
      const auto inner = z.clamp(-parameter, parameter);
      const auto outer = z.abs().sub_(inner.abs()).mul_(parameter);
      return inner.mul(inner).mul_(0.5).add_(outer);
    }
    case Elementwise::kHinge:
      return z.neg().add_(1).clamp_min_(0);
  }
  throw ContractError("elementwise: unknown function");
}

Tensor first(Elementwise kind, const Tensor& z, const Tensor& phi, double parameter) {
  switch (kind) {
    case Elementwise::kIdentity:
      return at::ones_like(z);
    case Elementwise::kRelu:
      return mask(z > 0, z);
    case Elementwise::kLeakyRelu:
      return mask(z > 0, z).mul_(1 - kLeak).add_(kLeak);
    case Elementwise::kTanh:
      return phi.mul(phi).neg_().add_(1);
    case Elementwise::kSigmoid:
      return one_minus(phi).mul_(phi);
    case Elementwise::kSoftplus:
      return logistic(z);
    case Elementwise::kGelu:
      return normal_pdf(z).mul_(z).add_(normal_cdf(z));
    case Elementwise::kSilu: {
      const auto s = logistic(z);
      return one_minus(s).mul_(z).add_(1).mul_(s);
    }
    case Elementwise::kElu:
      return elu_part(z).add_(1);
    case Elementwise::kSin:
      return z.cos();
    case Elementwise::kSquare:
      return z.mul(2);
    case Elementwise::kAbs:
      return z.sign();
    case Elementwise::kHuber:
      return z.clamp(-parameter, parameter);
    case Elementwise::kHinge:
      return mask(z < 1, z).neg_();
  }
  throw ContractError("elementwise: unknown function");
}

Tensor second(Elementwise kind, const Tensor& z, const Tensor& phi, double parameter) {
  switch (kind) {
    case Elementwise::kIdentity:
    case Elementwise::kRelu:
    case Elementwise::kLeakyRelu:
    case Elementwise::kAbs:
    case Elementwise::kHinge:
      return at::zeros_like(z);
    case Elementwise::kTanh:
      return phi.mul(phi).neg_().add_(1).mul_(phi).mul_(-2);
    case Elementwise::kSigmoid:
      return one_minus(phi).mul_(phi).mul_(one_minus(phi.mul(2)));
    case Elementwise::kSoftplus: {
      const auto s = logistic(z);
      return one_minus(s).mul_(s);
    }
    case Elementwise::kGelu:
      return z.mul(z).neg_().add_(2).mul_(normal_pdf(z));
    case Elementwise::kSilu: {
      const auto s = logistic(z);
      const auto bracket = one_minus(s.mul(2)).mul_(z).add_(2);
      return one_minus(s).mul_(s).mul_(bracket);
    }
    case Elementwise::kElu:
      return z.clamp_max(0).exp_().mul_(mask(z <= 0, z));
    case Elementwise::kSin:
      return z.sin().neg_();
    case Elementwise::kSquare:
      return at::full_like(z, 2);
    case Elementwise::kHuber:
      return mask(z.abs() <= parameter, z);
  }
  throw ContractError("elementwise: unknown function");
}

Tensor evaluate(Elementwise kind,
                int64_t order,
                const Tensor& z,
                const Tensor& phi,
                double parameter) {
  switch (order) {
    case 0:
      return value(kind, z, parameter);
    case 1:
      return first(kind, z, phi, parameter);
    case 2:
      return second(kind, z, phi, parameter);
    default:
      throw ContractError("elementwise: only two derivatives are known");
  }
}

// grad · φ' in one pass over memory, for the activations whose φ' is arithmetic in φ.
// Compiled without contraction, so that body and tail of the loop round alike.
template <typename T, typename F>
Tensor in_one_pass(const Tensor& grad, const Tensor& phi, F&& f) {
  auto out = at::empty_like(phi, at::MemoryFormat::Contiguous);
  const T* g = grad.data_ptr<T>();
  const T* a = phi.data_ptr<T>();
  T* o = out.data_ptr<T>();
  for (int64_t i = 0, n = phi.numel(); i < n; ++i) o[i] = g[i] * f(a[i]);
  return out;
}

template <typename T>
Tensor arithmetic_slope(Elementwise kind, const Tensor& grad, const Tensor& phi) {
  if (kind == Elementwise::kTanh) {
    return in_one_pass<T>(grad, phi, [](T a) { return T(1) - a * a; });
  }
  return in_one_pass<T>(grad, phi, [](T a) { return (T(1) - a) * a; });
}

Tensor times_slope(Elementwise kind,
                   int64_t order,
                   const Tensor& grad,
                   const Tensor& z,
                   const Tensor& phi,
                   double parameter) {
  const bool arithmetic = kind == Elementwise::kTanh || kind == Elementwise::kSigmoid;
  if (order == 1 && arithmetic && phi.is_cpu() && phi.is_contiguous()) {
    const auto g = grad.contiguous();
    return phi.scalar_type() == torch::kFloat32
               ? arithmetic_slope<float>(kind, g, phi)
               : arithmetic_slope<double>(kind, g, phi);
  }
  return evaluate(kind, order, z, phi, parameter).mul_(grad);
}

// The node φ^(order). Its backward multiplies by the node φ^(order+1), so that a
// second backward finds φ''. `phi` is φ(z), kept because some derivatives use it.
class ElementwiseNode : public torch::autograd::Function<ElementwiseNode> {
 public:
  static Variable forward(AutogradContext* context,
                          const Variable& z,
                          const Variable& phi,
                          int64_t kind,
                          int64_t order,
                          double parameter) {
    auto out = evaluate(static_cast<Elementwise>(kind), order, z, phi, parameter);
    context->save_for_backward({z, order == 0 ? out : phi});
    context->saved_data["kind"] = kind;
    context->saved_data["order"] = order;
    context->saved_data["parameter"] = parameter;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto saved = context->get_saved_variables();
    const auto kind = context->saved_data["kind"].toInt();
    const auto order = context->saved_data["order"].toInt();
    const auto parameter = context->saved_data["parameter"].toDouble();
    Variable grad;
    if (order == 0 && static_cast<Elementwise>(kind) == Elementwise::kRelu) {
      grad = at::threshold_backward(grads[0], saved[0], 0);
    } else if (at::GradMode::is_enabled()) {
      grad = grads[0] * apply(saved[0], saved[1].detach(), kind, order + 1, parameter);
    } else {
      grad = times_slope(static_cast<Elementwise>(kind),
                         order + 1,
                         grads[0],
                         saved[0],
                         saved[1],
                         parameter);
    }
    return {grad, Variable(), Variable(), Variable(), Variable()};
  }
};

}  // namespace

torch::Tensor elementwise(Elementwise kind, const torch::Tensor& z, double parameter) {
  if (kind == Elementwise::kIdentity) return z;
  if (!at::GradMode::is_enabled() || !z.requires_grad()) {
    return value(kind, z, parameter);
  }
  return ElementwiseNode::apply(
      z, z.detach(), static_cast<int64_t>(kind), 0, parameter);
}

torch::Tensor elementwise_derivative(Elementwise kind,
                                     int order,
                                     const torch::Tensor& z,
                                     double parameter) {
  return evaluate(kind, order, z, value(kind, z, parameter), parameter);
}

bool has_kink(Elementwise kind) {
  return kind == Elementwise::kRelu || kind == Elementwise::kLeakyRelu ||
         kind == Elementwise::kAbs;
}

KinkSlopes kink_slopes(Elementwise kind) {
  if (kind == Elementwise::kLeakyRelu) return {kLeak, 1};
  if (kind == Elementwise::kAbs) return {-1, 1};
  return {0, 1};
}

}  // namespace basin
