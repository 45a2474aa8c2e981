#include "data/synthetic.h"

#include <ATen/Functions.h>

#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/random_vector.h"
#include "data/plain_product.h"

namespace basin {
namespace {

using std::numbers::pi;

torch::Tensor empty(int64_t rows, int64_t columns) {
  return at::zeros({rows, columns}, torch::kFloat64);
}

Dataset single_sample(const DataOptions& o) {
  return {.inputs = at::full({1, 1}, o.x, torch::kFloat64),
          .targets = at::full({1, 1}, o.y, torch::kFloat64)};
}

Dataset exclusive_or(const DataOptions& o, RandomStream& random) {
  const double low = o.encoding == XorEncoding::kPlusMinus ? -1.0 : 0.0;
  const auto n = std::max<int64_t>(4, o.samples);
  Dataset out{.inputs = empty(n, 2), .targets = empty(n, 1)};
  out.labels = at::zeros({n}, torch::kInt64);
  out.classes = {"same", "different"};
  for (int64_t i = 0; i < n; ++i) {
    const bool a = (i & 2) != 0, b = (i & 1) != 0;
    out.inputs[i][0] = (a ? 1.0 : low) + o.noise * random.normal();
    out.inputs[i][1] = (b ? 1.0 : low) + o.noise * random.normal();
    out.targets[i][0] = a != b ? 1.0 : low;
    out.labels[i] = static_cast<int64_t>(a != b);
  }
  return out;
}

template <typename F>
Dataset curve(const DataOptions& o, RandomStream& random, double half_width, F&& f) {
  Dataset out{.inputs = empty(o.samples, 1), .targets = empty(o.samples, 1)};
  for (int64_t i = 0; i < o.samples; ++i) {
    const double x = half_width * (2 * random.uniform() - 1);
    out.inputs[i][0] = x;
    out.targets[i][0] = f(x) + o.noise * random.normal();
  }
  return out;
}

double polynomial(const std::vector<double>& coefficients, double x) {
  double y = 0;
  for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) y = y * x + *c;
  return y;
}

Dataset labelled(int64_t samples, int64_t inputs, int64_t classes) {
  Dataset out{.inputs = empty(samples, inputs)};
  out.labels = at::arange(samples, torch::kInt64).remainder(classes);
  for (int64_t c = 0; c < classes; ++c) out.classes.push_back(std::to_string(c));
  return out;
}

Dataset blobs(const DataOptions& o, RandomStream& random) {
  auto out = labelled(o.samples, o.inputs, o.classes);
  auto centres = empty(o.classes, o.inputs);
  auto centre = centres.accessor<double, 2>();
  for (int64_t c = 0; c < o.classes; ++c) {
    for (int64_t j = 0; j < o.inputs; ++j) centre[c][j] = 8 * random.uniform() - 4;
  }
  auto x = out.inputs.accessor<double, 2>();
  for (int64_t i = 0; i < o.samples; ++i) {
    for (int64_t j = 0; j < o.inputs; ++j) {
      x[i][j] = centre[i % o.classes][j] + (o.spread + o.noise) * random.normal();
    }
  }
  return out;
}

Dataset moons(const DataOptions& o, RandomStream& random) {
  auto out = labelled(o.samples, 2, 2);
  auto x = out.inputs.accessor<double, 2>();
  for (int64_t i = 0; i < o.samples; ++i) {
    const bool upper = i % 2 == 0;
    const double t = pi * random.uniform();
    x[i][0] = (upper ? std::cos(t) : 1 - std::cos(t)) - 0.5 + o.noise * random.normal();
    x[i][1] =
        (upper ? std::sin(t) : 0.5 - std::sin(t)) - 0.25 + o.noise * random.normal();
  }
  return out;
}

Dataset spirals(const DataOptions& o, RandomStream& random) {
  auto out = labelled(o.samples, 2, o.classes);
  auto x = out.inputs.accessor<double, 2>();
  for (int64_t i = 0; i < o.samples; ++i) {
    const double r = std::sqrt(random.uniform());
    const double arm =
        2 * pi * static_cast<double>(i % o.classes) / static_cast<double>(o.classes);
    const double angle = 2 * pi * o.turns * r + arm;
    x[i][0] = r * std::cos(angle) + o.noise * random.normal();
    x[i][1] = r * std::sin(angle) + o.noise * random.normal();
  }
  return out;
}

torch::Tensor normal_matrix(int64_t rows, int64_t columns, RandomStream& random) {
  return normal_vector(random, rows * columns).view({rows, columns});
}

Dataset teacher(const DataOptions& o, RandomStream& random, uint64_t seed) {
  RandomStream weights(seed, Stream::kTeacher, 0);
  Dataset out{.inputs = normal_matrix(o.samples, o.inputs, random)};
  auto a = out.inputs;
  for (int64_t l = 0; l < o.teacher_depth; ++l) {
    const auto fan_in = static_cast<double>(a.size(1));
    const auto w = normal_matrix(a.size(1), o.teacher_width, weights);
    a = at::tanh(plain_product(a, w) * (2 / std::sqrt(fan_in)));
  }
  out.targets = plain_product(a, normal_matrix(a.size(1), 1, weights)) +
                o.noise * normal_matrix(o.samples, 1, random);
  return out;
}

// Inputs on which outputs are shown; the loss is the expectation, not their mean.
Dataset gaussian_probes(const DataOptions& o, RandomStream& random) {
  constexpr int64_t kProbes = 64;
  Dataset out{.inputs = normal_matrix(kProbes, o.inputs, random)};
  out.targets = out.inputs.clamp_min(0).sum(1, /*keepdim=*/true);
  return out;
}

}  // namespace

Dataset synthetic_data(const DataOptions& o, uint64_t seed) {
  RandomStream random(seed, Stream::kData, 0);
  const auto named = [](const char* name, Dataset data) {
    data.name = name;
    return data;
  };
  switch (o.source) {
    case DataSource::kSingleSample:
      return named("single_sample", single_sample(o));
    case DataSource::kXor:
      return named("xor", exclusive_or(o, random));
    case DataSource::kSine:
      return named("sine", curve(o, random, pi, [&](double x) {
                     return std::sin(o.frequency * x);
                   }));
    case DataSource::kPolynomial:
      return named("polynomial", curve(o, random, 1.0, [&](double x) {
                     return polynomial(o.coefficients, x);
                   }));
    case DataSource::kBlobs:
      return named("blobs", blobs(o, random));
    case DataSource::kMoons:
      return named("moons", moons(o, random));
    case DataSource::kSpirals:
      return named("spirals", spirals(o, random));
    case DataSource::kTeacher:
      return named("teacher", teacher(o, random, seed));
    case DataSource::kGaussianPopulation:
      return named("gaussian_population", gaussian_probes(o, random));
    default:
      throw ContractError("synthetic_data: this source is not synthetic");
  }
}

}  // namespace basin
