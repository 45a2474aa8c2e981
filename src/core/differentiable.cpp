#include "core/differentiable.h"

#include <ATen/Functions.h>
#include <torch/csrc/autograd/custom_function.h>

namespace basin {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

const Objective& objective_in(AutogradContext* context) {
  return *reinterpret_cast<const Objective*>(context->saved_data["objective"].toInt());
}

// ∂L/∂θ; its backward is a Hessian product.
class GradientNode : public torch::autograd::Function<GradientNode> {
 public:
  static Variable forward(AutogradContext* context,
                          const Variable& theta,
                          int64_t objective) {
    context->saved_data["objective"] = objective;
    context->save_for_backward({theta});
    return objective_in(context)
        .value_and_gradient(theta.detach().contiguous())
        .gradient.to(theta.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto theta = context->get_saved_variables()[0].detach().contiguous();
    const auto product =
        objective_in(context).hessian_times(theta, grads[0].detach().contiguous());
    return {product.to(theta.scalar_type()), Variable()};
  }
};

class ValueNode : public torch::autograd::Function<ValueNode> {
 public:
  static Variable forward(AutogradContext* context,
                          const Variable& theta,
                          int64_t objective) {
    context->saved_data["objective"] = objective;
    context->save_for_backward({theta});
    return objective_in(context)
        .value(theta.detach().contiguous())
        .to(theta.scalar_type());
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    const auto theta = context->get_saved_variables()[0];
    const auto gradient =
        GradientNode::apply(theta, context->saved_data["objective"].toInt());
    return {gradient * grads[0].unsqueeze(1), Variable()};
  }
};

}  // namespace

Tensor differentiable_value(const Objective& objective, const Tensor& theta) {
  return ValueNode::apply(theta, reinterpret_cast<int64_t>(&objective));
}

}  // namespace basin
