#include "model/gaussian_population.h"

#include <ATen/Functions.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <utility>

#include "core/error.h"

namespace basin {
namespace {

using std::numbers::pi;
using torch::Tensor;

constexpr double kParallel = 1e-14;  // sine below which m and u have no direction

/// Two vectors and the angle between them.
struct Pair {
  double cosine = 1, sine = 0, angle = 0;
};

/// All students, row-major, with their lengths and what they share with each other.
class Students {
 public:
  Students(const double* theta, int64_t k, int64_t d) : k_(k), d_(d), rows_(theta) {
    columns_.resize(static_cast<size_t>(k * d));
    for (int64_t i = 0; i < k; ++i) {
      double square = 0;
      for (int64_t c = 0; c < d; ++c) {
        const double x = theta[i * d + c];
        columns_[static_cast<size_t>(c * k + i)] = x;
        square += x * x;
      }
      sizes_.push_back(std::sqrt(square));
    }
    // Inner products row by row: along the row nothing is added up, so it vectorises.
    products_.assign(static_cast<size_t>(k * k), 0.0);
    for (int64_t i = 0; i < k; ++i) {
      double* out = products_.data() + i * k;
      for (int64_t c = 0; c < d; ++c) {
        const double x = theta[i * d + c];
        const double* column = columns_.data() + c * k;
        for (int64_t j = 0; j < k; ++j) out[j] += x * column[j];
      }
    }
  }

  int64_t count() const { return k_; }
  int64_t inputs() const { return d_; }
  const double* row(int64_t i) const { return rows_ + i * d_; }
  double size(int64_t i) const { return sizes_[static_cast<size_t>(i)]; }

  Pair students(int64_t i, int64_t j) const {
    if (size(i) == 0 || size(j) == 0) return {};
    const double cosine =
        products_[static_cast<size_t>(i * k_ + j)] / (size(i) * size(j));
    return pair(cosine, [&](int64_t c) {
      return row(j)[c] / size(j) - cosine * row(i)[c] / size(i);
    });
  }

  // With the teacher's unit vector e_j.
  Pair teacher(int64_t i, int64_t j) const {
    if (size(i) == 0) return {};
    const double cosine = row(i)[j] / size(i);
    return pair(cosine,
                [&](int64_t c) { return (c == j) - cosine * row(i)[c] / size(i); });
  }

 private:
  // 1 − cos² cancels for small angles: there the sine is the length of the rest.
  template <typename F>
  Pair pair(double cosine, F&& rest) const {
    double square = 1 - cosine * cosine;
    if (square < 0.1) {
      square = 0;
      for (int64_t c = 0; c < d_; ++c) square += rest(c) * rest(c);
    }
    const double sine = std::sqrt(square);
    return {cosine, sine, std::atan2(sine, cosine)};
  }

  int64_t k_, d_;
  const double* rows_;
  std::vector<double> columns_, sizes_, products_;
};

double kernel(const Pair& p, double sizes) {
  return sizes * (p.sine + (pi - p.angle) * p.cosine) / (2 * pi);
}

// ∂h(w, v)/∂w = (‖v‖ sin φ ŵ + (π − φ) v) / 2π.
double evaluate(const double* theta, int64_t k, int64_t d, double* gradient) {
  const Students students(theta, k, d);
  // ½ Σ h(e_i, e_j): d/4 on the diagonal, 1/(4π) for each ordered pair.
  const auto units = static_cast<double>(d);
  double value = units / 4 + units * (units - 1) / (4 * pi);
  for (int64_t i = 0; i < k; ++i) {
    const double size = students.size(i);
    double own = 0.5;  // coefficient of w_i in its gradient
    value += size * size / 4;
    double* g = gradient == nullptr ? nullptr : gradient + i * d;
    for (int64_t j = 0; j < k; ++j) {
      if (j == i || (g == nullptr && j < i)) continue;
      const auto p = students.students(i, j);
      if (j > i) value += kernel(p, size * students.size(j));
      if (g == nullptr || size == 0) continue;
      own += students.size(j) * p.sine / (2 * pi * size);
      const double b = (pi - p.angle) / (2 * pi);
      const double* w = students.row(j);
      for (int64_t c = 0; c < d; ++c) g[c] += b * w[c];
    }
    for (int64_t j = 0; j < d; ++j) {
      const auto p = students.teacher(i, j);
      value -= kernel(p, size);
      if (g == nullptr || size == 0) continue;
      own -= p.sine / (2 * pi * size);
      g[j] -= (pi - p.angle) / (2 * pi);
    }
    for (int64_t c = 0; g != nullptr && c < d; ++c) g[c] += own * students.row(i)[c];
  }
  return value;
}

/// H at one θ, made once for all products with it:
///
///   ∂²h/∂w²  = ‖v‖ sin φ / (2π ‖w‖) · (I − ŵŵᵀ + m mᵀ)
///   ∂²h/∂w∂v = ((π − φ) I + ŵ mᵀ + v̂ uᵀ) / 2π
///
/// with m the unit vector of v beside w, and u that of w beside v.
torch::Tensor full_hessian(const double* theta, int64_t k, int64_t d) {
  const Students students(theta, k, d);
  auto out = at::zeros({k * d, k * d}, torch::kFloat64);
  double* h = out.data_ptr<double>();
  const auto width = k * d;
  std::vector<double> w(static_cast<size_t>(d)), v(w), m(w), u(w);
  const auto add_own = [&](int64_t i, double factor) {
    for (int64_t a = 0; a < d; ++a) {
      double* row = h + (i * d + a) * width + i * d;
      const auto x = static_cast<size_t>(a);
      row[a] += factor;
      for (int64_t b = 0; b < d; ++b) {
        const auto y = static_cast<size_t>(b);
        row[b] += factor * (m[x] * m[y] - w[x] * w[y]);
      }
    }
  };
  for (int64_t i = 0; i < k; ++i) {
    const double size = students.size(i);
    for (int64_t a = 0; a < d; ++a) h[(i * d + a) * width + i * d + a] += 0.5;
    if (size == 0) continue;
    for (int64_t c = 0; c < d; ++c)
      w[static_cast<size_t>(c)] = students.row(i)[c] / size;
    for (int64_t j = 0; j < k + d; ++j) {
      const bool teacher = j >= k;
      if (j == i || (!teacher && students.size(j) == 0)) continue;
      const auto p = teacher ? students.teacher(i, j - k) : students.students(i, j);
      const double other = teacher ? 1 : students.size(j);
      const bool parallel = p.sine < kParallel;
      for (int64_t c = 0; c < d; ++c) {
        const auto x = static_cast<size_t>(c);
        v[x] = teacher ? (c == j - k) : students.row(j)[c] / other;
        m[x] = parallel ? 0 : (v[x] - p.cosine * w[x]) / p.sine;
        u[x] = parallel ? 0 : (w[x] - p.cosine * v[x]) / p.sine;
      }
      const double sign = teacher ? -1 : 1;
      if (!parallel) add_own(i, sign * other * p.sine / (2 * pi * size));
      if (teacher) continue;
      for (int64_t a = 0; a < d; ++a) {
        double* row = h + (i * d + a) * width + j * d;
        const auto x = static_cast<size_t>(a);
        row[a] += (pi - p.angle) / (2 * pi);
        for (int64_t b = 0; b < d; ++b) {
          const auto y = static_cast<size_t>(b);
          row[b] += (w[x] * m[y] + v[x] * u[y]) / (2 * pi);
        }
      }
    }
  }
  return out;
}

// The entry that is 1 if all others are 0; else -1.
int64_t unit_entry(const double* x, int64_t size) {
  int64_t entry = -1;
  for (int64_t i = 0; i < size; ++i) {
    if (x[i] == 0) continue;
    if (x[i] != 1 || entry >= 0) return -1;
    entry = i;
  }
  return entry;
}

}  // namespace

Network make_population_network(const ModelOptions& options, int64_t inputs) {
  const auto units = options.widths.empty() ? options.width : options.widths.front();
  Network network{.options = options};
  network.layout.layers = {
      {.name = "layer0", .rows = units, .columns = inputs, .weight = 0}};
  network.layout.groups = {{.layers = {0}, .readers = {}, .units = units}};
  network.layout.dimension = units * inputs;
  return network;
}

GaussianPopulation::GaussianPopulation(Network network, Tensor probes)
    : network_(std::move(network)),
      probes_(std::move(probes)),
      units_(network_.layout.layers.front().rows),
      inputs_(network_.layout.layers.front().columns) {}

Tensor GaussianPopulation::value(const Tensor& theta) const {
  const auto rows = theta.to(torch::kFloat64).contiguous();
  auto out = at::empty({rows.size(0)}, torch::kFloat64);
  for (int64_t b = 0; b < rows.size(0); ++b) {
    out.data_ptr<double>()[b] =
        evaluate(rows.data_ptr<double>() + b * dimension(), units_, inputs_, nullptr);
  }
  return out;
}

ValueAndGradient GaussianPopulation::value_and_gradient(const Tensor& theta) const {
  const auto rows = theta.to(torch::kFloat64).contiguous();
  ValueAndGradient out{at::empty({rows.size(0)}, torch::kFloat64),
                       at::zeros_like(rows)};
  for (int64_t b = 0; b < rows.size(0); ++b) {
    out.value.data_ptr<double>()[b] =
        evaluate(rows.data_ptr<double>() + b * dimension(),
                 units_,
                 inputs_,
                 out.gradient.data_ptr<double>() + b * dimension());
  }
  return out;
}

Tensor GaussianPopulation::hessian_times(const Tensor& theta, const Tensor& v) const {
  const auto rows = theta.to(torch::kFloat64).contiguous();
  const auto directions = v.to(torch::kFloat64).contiguous();
  auto out = at::empty_like(rows);
  // The rows of a dense Hessian share one θ, and each asks for a column of it. A
  // product row by row gives the same bits whatever the other rows are.
  Tensor hessian;
  const auto bytes = static_cast<size_t>(dimension()) * sizeof(double);
  for (int64_t b = 0; b < rows.size(0); ++b) {
    const double* own = rows.data_ptr<double>() + b * dimension();
    if (b == 0 || std::memcmp(own, own - dimension(), bytes) != 0) {
      hessian = full_hessian(own, units_, inputs_);
    }
    const auto entry =
        unit_entry(directions.data_ptr<double>() + b * dimension(), dimension());
    out[b].copy_(entry >= 0 ? hessian.select(1, entry)
                            : at::mv(hessian, directions[b]));
  }
  return out;
}

double GaussianPopulation::smooth_radius(const Tensor& theta) const {
  return theta.view({units_, inputs_}).norm(2, {1}).min().item<double>();
}

ValueAndGradient GaussianPopulation::value_and_gradient_on(const Tensor&,
                                                           const Tensor&) const {
  throw ContractError("GaussianPopulation: an expectation has no mini-batches");
}

Tensor GaussianPopulation::outputs(const Tensor& theta) const {
  const auto w = theta.to(torch::kFloat64).view({theta.size(0), units_, inputs_});
  return at::matmul(w, probes_.t()).clamp_min(0).sum(1).unsqueeze(2);
}

Tensor GaussianPopulation::accuracy(const Tensor& theta) const {
  return at::full(
      {theta.size(0)}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
}

}  // namespace basin
