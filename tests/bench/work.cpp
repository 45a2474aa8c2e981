#include "work.h"

#include <torch/nn.h>
#include <torch/optim.h>

#include "core/parallel.h"
#include "core/random.h"
#include "landscape/slice.h"
#include "model/initialize.h"
#include "model/loss.h"
#include "train/ensemble.h"

namespace basin::bench {
namespace {

Dataset data_for(const Case& c) {
  const auto normal = [](std::vector<int64_t> shape, uint64_t index) {
    auto out = at::empty(shape, torch::kFloat64);
    RandomStream random(1, Stream::kProbe, index);
    for (int64_t i = 0; i < out.numel(); ++i)
      out.data_ptr<double>()[i] = random.normal();
    return out;
  };
  Dataset data{.name = c.name, .inputs = normal({c.samples, c.widths.front()}, 0)};
  if (c.loss == LossKind::kCrossEntropy) {
    data.labels = at::arange(c.samples, torch::kInt64).remainder(c.widths.back());
    for (int64_t k = 0; k < c.widths.back(); ++k)
      data.classes.push_back(std::to_string(k));
    encode_classes(data, /*one_hot=*/false);
  } else {
    data.targets = normal({c.samples, c.widths.back()}, 1);
  }
  return data;
}

ModelOptions model_for(const Case& c) {
  ModelOptions out{.depth = static_cast<int64_t>(c.widths.size()) - 2,
                   .activation = c.activation};
  out.widths.assign(c.widths.begin() + 1, c.widths.end() - 1);
  return out;
}

std::unique_ptr<SampledObjective> objective(const Subject& s, ComputePath path) {
  return make_objective(s.network, s.loss, s.data, {.dtype = s.dtype}, path);
}

torch::nn::Sequential module_for(const Subject& s) {
  torch::nn::Sequential net;
  const auto& w = s.shape.widths;
  for (size_t l = 0; l + 1 < w.size(); ++l) {
    net->push_back(torch::nn::Linear(w[l], w[l + 1]));
    if (l + 2 == w.size()) break;
    if (s.shape.activation == Elementwise::kTanh) {
      net->push_back(torch::nn::Tanh());
    } else {
      net->push_back(torch::nn::ReLU());
    }
  }
  net->to(s.dtype);
  return net;
}

}  // namespace

const std::vector<Case>& all_cases() {
  static const std::vector<Case> cases{
      {"2-8-1 N=32", {2, 8, 1}, 32, LossKind::kMse},
      {"2-16-16-16-1 N=64", {2, 16, 16, 16, 1}, 64, LossKind::kMse},
      {"2-16-16-16-1 N=64 tanh",
       {2, 16, 16, 16, 1},
       64,
       LossKind::kMse,
       Elementwise::kTanh},
      {"2-32-32-32-1 N=256", {2, 32, 32, 32, 1}, 256, LossKind::kMse},
      {"64-32-32-10 N=1797", {64, 32, 32, 10}, 1797, LossKind::kCrossEntropy},
      {"784-128-10 N=1000", {784, 128, 10}, 1000, LossKind::kCrossEntropy}};
  return cases;
}

Subject::Subject(const Case& which, torch::ScalarType type)
    : shape(which),
      dtype(type),
      data(data_for(which)),
      loss{.kind = which.loss},
      network(make_network(model_for(which),
                           which.widths.front(),
                           which.widths.back(),
                           freedom_of({.kind = which.loss}))),
      fused(objective(*this, ComputePath::kFused)),
      batched(objective(*this, ComputePath::kAutograd)) {}

double Subject::value_flops() const {
  double weights = 0;
  for (const auto& l : network.layout.layers)
    weights += static_cast<double>(l.rows * l.columns);
  return 2 * weights * static_cast<double>(data.samples());
}

// Back through every layer twice, but for the inputs.
double Subject::gradient_flops() const {
  const auto& first = network.layout.layers.front();
  return 3 * value_flops() -
         2 * static_cast<double>(first.rows * first.columns * data.samples());
}

// Forward and back, each with its derivative along v: eight products a layer, three of
// the first: its inputs do not move, and nothing goes back through it.
double Subject::product_flops() const {
  const auto& first = network.layout.layers.front();
  const auto inputs =
      2 * static_cast<double>(first.rows * first.columns * data.samples());
  return 8 * value_flops() - 5 * inputs;
}

int64_t train(const Subject& s,
              const SampledObjective& objective,
              int64_t seeds,
              int64_t steps,
              int64_t threads) {
  const auto rows =
      std::min(objective.preferred_rows(), (seeds + threads - 1) / threads);
  parallel_for((seeds + rows - 1) / rows, threads, [&](int64_t chunk) {
    const auto first = chunk * rows;
    const auto theta =
        initial_parameters(s.network, 1, first, std::min(rows, seeds - first));
    train_seeds(objective, theta, first, 1, {.learning_rate = 1e-4, .steps = steps});
  });
  return seeds * (steps + 1);  // the gradient at the end is one more
}

int64_t train_modules(const Subject& s, int64_t seeds, int64_t steps, int64_t threads) {
  const auto x = s.data.inputs.to(s.dtype);
  const auto y = s.data.has_classes() ? s.data.labels : s.data.targets.to(s.dtype);
  parallel_for(seeds, threads, [&](int64_t) {
    auto net = module_for(s);
    torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(1e-4));
    for (int64_t step = 0; step < steps; ++step) {
      adam.zero_grad();
      const auto f = net->forward(x);
      const auto value = s.data.has_classes()
                             ? torch::nn::functional::cross_entropy(f, y)
                             : torch::mse_loss(f, y);
      value.backward();
      adam.step();
    }
  });
  return seeds * steps;
}

int64_t plane(const Subject& s,
              const SampledObjective& objective,
              bool afresh,
              int64_t points,
              int64_t threads) {
  const auto three = initial_parameters(s.network, 1, 0, 3);
  const auto side = at::linspace(-1, 1, points, torch::kFloat64);
  if (!afresh) {
    SliceFrame frame{.origin = three[0], .u = three[1], .v = three[2]};
    frame.x = side;
    frame.y = side;
    evaluate_slice(objective, frame, threads);
    return points * points;
  }
  parallel_for(points, threads, [&](int64_t row) {
    const double y = side[row].item<double>();
    objective.value(three[0] + side.unsqueeze(1) * three[1] + y * three[2]);
  });
  return points * points;
}

int64_t products(const Subject& s,
                 const SampledObjective& objective,
                 int64_t rows,
                 int64_t threads) {
  const auto theta = initial_parameters(s.network, 1, 0, rows);
  const auto v = initial_parameters(s.network, 2, 0, rows);
  parallel_for(threads, threads, [&](int64_t) { objective.hessian_times(theta, v); });
  return rows * threads;
}

int64_t hessians(const Subject& s,
                 const SampledObjective& objective,
                 bool by_products,
                 int64_t threads) {
  const auto theta = initial_parameters(s.network, 1, 0, 1);
  parallel_for(threads, threads, [&](int64_t) {
    if (by_products) {
      objective.Objective::hessian(theta);
    } else {
      objective.hessian(theta);
    }
  });
  return threads;
}

}  // namespace basin::bench
