// Seed-steps per second of training an ensemble, and points per second of a plane:
// the batched program against a loop over LibTorch modules, on as many threads.
//
// usage: basin_bench [threads]

#include "train/ensemble.h"

#include <fmt/format.h>
#include <torch/nn.h>
#include <torch/optim.h>

#include <chrono>
#include <cstdlib>

#include "core/parallel.h"
#include "data/load.h"
#include "model/initialize.h"
#include "model/loss.h"
#include "model/network_objective.h"

namespace basin {
namespace {

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
      .count();
}

Network network_of(const ModelOptions& model,
                   const LossOptions& loss,
                   const Dataset& data) {
  return make_network(model,
                      data.inputs.size(1),
                      loss_targets(loss, data).size(1),
                      loss.kind == LossKind::kCrossEntropy);
}

// A LibTorch module and optimizer for each seed, one seed after another on a thread.
double module_loop(const Dataset& data, int64_t seeds, int64_t steps, int64_t threads) {
  const auto x = data.inputs.to(torch::kFloat32);
  const auto y = data.targets.to(torch::kFloat32);
  return seconds([&] {
    parallel_for(seeds, threads, [&](int64_t) {
      torch::nn::Sequential net(torch::nn::Linear(2, 16),
                                torch::nn::Tanh(),
                                torch::nn::Linear(16, 16),
                                torch::nn::Tanh(),
                                torch::nn::Linear(16, 16),
                                torch::nn::Tanh(),
                                torch::nn::Linear(16, 1));
      torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(0.01));
      for (int64_t step = 0; step < steps; ++step) {
        adam.zero_grad();
        torch::mse_loss(net->forward(x), y).backward();
        adam.step();
      }
    });
  });
}

double batched(const Dataset& data, int64_t seeds, int64_t steps, int64_t threads) {
  const LossOptions loss;
  const auto network = network_of(
      {.depth = 3, .width = 16, .activation = Elementwise::kTanh}, loss, data);
  const NetworkObjective objective(network, loss, data, {.dtype = torch::kFloat32});
  const auto rows = objective.preferred_rows();
  return seconds([&] {
    parallel_for((seeds + rows - 1) / rows, threads, [&](int64_t chunk) {
      const auto first = chunk * rows;
      const auto theta =
          initial_parameters(network, 1, first, std::min(rows, seeds - first));
      train_seeds(objective, theta, first, 1, {.steps = steps});
    });
  });
}

double plane(int64_t threads) {
  const auto split = load_data({.source = DataSource::kDigits}, 1);
  const LossOptions loss{.kind = LossKind::kCrossEntropy};
  const auto network = network_of({.depth = 2, .width = 32}, loss, split.train);
  const NetworkObjective objective(
      network, loss, split.train, {.dtype = torch::kFloat32});
  const auto theta = initial_parameters(network, 1, 0, 51 * 51);
  return seconds([&] {
    parallel_for(51, threads, [&](int64_t row) {
      objective.value(theta.narrow(0, row * 51, 51));
    });
  });
}

int run(int64_t threads) {
  use_one_library_thread();
  keep_freed_memory();
  const auto data = load_data({.source = DataSource::kTeacher, .samples = 64}, 1).train;
  module_loop(data, threads, 20, threads);
  batched(data, 64, 20, threads);
  const double loop = 64 * 200 / module_loop(data, 64, 200, threads);
  const double fast = 256 * 400 / batched(data, 256, 400, threads);
  fmt::print("2-16-16-16-1 tanh, N = 64, Adam, float32, {} threads\n", threads);
  fmt::print("  loop over modules  {:>10.0f} seed-steps/s\n", loop);
  fmt::print("  batched            {:>10.0f} seed-steps/s   {:.1f} times\n",
             fast,
             fast / loop);
  fmt::print("plane 51x51 of 64-32-32-10 on digits: {:.2f} s\n", plane(threads));
  return 0;
}

}  // namespace
}  // namespace basin

int main(int argc, char** argv) {
  return basin::run(basin::resolve_threads(argc > 1 ? std::atol(argv[1]) : 0));
}
