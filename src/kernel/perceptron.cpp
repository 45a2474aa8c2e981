#include "kernel/perceptron.h"

namespace basin {
namespace {

template <typename T>
Buffer<T> padded_rows(const T* from, int64_t rows, int64_t samples, int64_t padded) {
  Buffer<T> out(static_cast<size_t>(rows * padded));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t n = 0; n < padded; ++n) {
      out[static_cast<size_t>(r * padded + n)] =
          from[r * samples + std::min(n, samples - 1)];
    }
  }
  return out;
}

template <typename T>
void find_classes(PerceptronProblem<T>& problem) {
  const auto* y = problem.targets.data();
  const auto padded = problem.padded, outputs = problem.outputs();
  const auto [low, high] = std::minmax_element(y, y + outputs * padded);
  problem.middle = (*low + *high) / 2;
  problem.classes = Buffer<T>(static_cast<size_t>(padded));
  for (int64_t n = 0; n < padded; ++n) {
    int64_t best = outputs == 1 ? (y[n] > problem.middle ? 1 : 0) : 0;
    for (int64_t k = 1; k < outputs; ++k) {
      if (y[k * padded + n] > y[best * padded + n]) best = k;
    }
    problem.classes[static_cast<size_t>(n)] = static_cast<T>(best);
  }
}

}  // namespace

template <typename T>
PerceptronProblem<T> make_problem(const Perceptron& network,
                                  int64_t samples,
                                  const T* inputs,
                                  const T* targets,
                                  const T* decay) {
  const auto padded = (samples + kSampleTile - 1) / kSampleTile * kSampleTile;
  PerceptronProblem<T> out{
      .network = network,
      .samples = samples,
      .padded = padded,
      .inputs = padded_rows(inputs, network.layers.front().columns, samples, padded),
      .targets = padded_rows(targets, network.layers.back().rows, samples, padded),
      .weights = Buffer<T>(static_cast<size_t>(padded)),
      .decay = {},
      .classes = {}};
  find_classes(out);
  const T share = static_cast<T>(1.0 / static_cast<double>(samples));
  std::fill_n(out.weights.data(), samples, share);
  if (decay != nullptr) {
    out.decay = Buffer<T>(static_cast<size_t>(network.parameters));
    std::copy_n(decay, network.parameters, out.decay.data());
  }
  return out;
}

template <typename T>
PerceptronProblem<T> split_samples(const PerceptronProblem<T>& problem, int64_t lanes) {
  const auto each = (problem.samples + lanes - 1) / lanes;
  const auto padded = (each + kSampleTile - 1) / kSampleTile * kSampleTile;
  const auto deal = [&](const Buffer<T>& from, int64_t rows, bool repeat) {
    Buffer<T> out(static_cast<size_t>(rows * padded * lanes));
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < padded * lanes; ++i) {
        if (i >= problem.samples && !repeat) continue;
        out[static_cast<size_t>(r * padded * lanes + i)] = from[static_cast<size_t>(
            r * problem.padded + std::min(i, problem.samples - 1))];
      }
    }
    return out;
  };
  return {.network = problem.network,
          .samples = problem.samples,
          .padded = padded,
          .inputs = deal(problem.inputs, problem.inputs_per_sample(), true),
          .targets = deal(problem.targets, problem.outputs(), true),
          .weights = deal(problem.weights, 1, false),
          .decay = {},
          .classes = {},
          .split_lanes = lanes};
}

template PerceptronProblem<float> split_samples(const PerceptronProblem<float>&,
                                                int64_t);
template PerceptronProblem<double> split_samples(const PerceptronProblem<double>&,
                                                 int64_t);
template PerceptronProblem<float> make_problem(
    const Perceptron&, int64_t, const float*, const float*, const float*);
template PerceptronProblem<double> make_problem(
    const Perceptron&, int64_t, const double*, const double*, const double*);

}  // namespace basin
