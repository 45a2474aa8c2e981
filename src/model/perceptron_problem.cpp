#include "model/perceptron_problem.h"

#include <ATen/Functions.h>

#include "model/loss.h"

namespace basin {
namespace {

Perceptron perceptron_of(const Network& network, const LossOptions& loss) {
  Perceptron out{.layers = {},
                 .loss = loss.kind,
                 .huber_delta = loss.huber_delta,
                 .parameters = network.layout.dimension};
  const auto& layers = network.layout.layers;
  for (size_t l = 0; l < layers.size(); ++l) {
    const bool last = l + 1 == layers.size();
    out.layers.push_back({.rows = layers[l].rows,
                          .columns = layers[l].columns,
                          .weight = layers[l].weight,
                          .bias = layers[l].bias,
                          .activation = last ? network.options.output_activation
                                             : network.options.activation,
                          .skip = !last && network.skips(static_cast<int64_t>(l))});
  }
  return out;
}

}  // namespace

template <typename T>
PerceptronProblem<T> problem_of(const Network& network,
                                const LossOptions& loss,
                                const Dataset& data) {
  const auto inputs = data.inputs.to(kDtype<T>).t().contiguous();
  const auto targets = loss_targets(loss, data).to(kDtype<T>).t().contiguous();
  torch::Tensor decay;
  if (loss.weight_decay != 0) {
    decay = at::full({network.layout.dimension}, loss.weight_decay, kDtype<T>);
    for (const auto& layer : network.layout.layers) {
      if (layer.bias >= 0 && !loss.decay_biases)
        decay.narrow(0, layer.bias, layer.rows).zero_();
    }
  }
  return make_problem<T>(perceptron_of(network, loss),
                         inputs.size(1),
                         inputs.template data_ptr<T>(),
                         targets.template data_ptr<T>(),
                         decay.defined() ? decay.template data_ptr<T>() : nullptr);
}

template PerceptronProblem<float> problem_of(const Network&,
                                             const LossOptions&,
                                             const Dataset&);
template PerceptronProblem<double> problem_of(const Network&,
                                              const LossOptions&,
                                              const Dataset&);

}  // namespace basin
