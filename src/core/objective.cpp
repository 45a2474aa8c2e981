#include "core/objective.h"

#include <ATen/Functions.h>

#include <limits>

#include "core/error.h"
#include "core/packing.h"
#include "core/stop.h"

namespace basin {

namespace {

using torch::Tensor;

// No vector unit holds more numbers.
constexpr int64_t kMostLanes = 16;

// Any objective, row by row.
template <typename T>
class PackedRows final : public PackedObjective<T> {
 public:
  explicit PackedRows(const SampledObjective& objective)
      : objective_(objective),
        lanes_((objective.preferred_rows() + kMostLanes - 1) / kMostLanes *
               kMostLanes) {}

  int64_t lanes() const override { return lanes_; }

  void value_and_gradient(const T* theta,
                          const int64_t* index,
                          int64_t count,
                          const std::vector<bool>& wanted,
                          T* value,
                          T* gradient) override {
    std::vector<int64_t> lanes;
    for (int64_t k = 0; k < lanes_; ++k) {
      if (wanted[static_cast<size_t>(k)]) lanes.push_back(k);
    }
    const auto rows = static_cast<int64_t>(lanes.size());
    const auto size = objective_.dimension();
    auto batch = at::empty({rows, size}, objective_.dtype());
    T* to = batch.template data_ptr<T>();
    const auto lane = [&](int64_t r) { return lanes[static_cast<size_t>(r)]; };
    unpack_rows(
        rows, lane, [&](int64_t r) { return to + r * size; }, size, lanes_, theta);
    ValueAndGradient answer;
    if (index == nullptr) {
      answer = objective_.value_and_gradient(batch);
    } else {
      auto own = at::empty({rows, count}, torch::kInt64);
      for (int64_t r = 0; r < rows; ++r) {
        std::copy_n(
            index + lane(r) * count, count, own.data_ptr<int64_t>() + r * count);
      }
      answer = objective_.value_and_gradient_on(batch, own);
    }
    const auto g = answer.gradient.contiguous();
    const T* from = g.template data_ptr<T>();
    const T* values = answer.value.template data_ptr<T>();
    for (int64_t r = 0; r < rows; ++r) value[lane(r)] = values[r];
    pack_rows(
        rows, lane, [&](int64_t r) { return from + r * size; }, size, lanes_, gradient);
  }

 private:
  const SampledObjective& objective_;
  int64_t lanes_;
};

// Any objective, point by point.
class PlaneRows final : public PlaneObjective {
 public:
  PlaneRows(const SampledObjective& objective,
            const Tensor& origin,
            const Tensor& u,
            const Tensor& v)
      : objective_(objective), origin_(origin), u_(u), v_(v) {}

  PlaneValues at(const Tensor& x, const Tensor& y) const override {
    const auto theta = origin_ + x.unsqueeze(1) * u_ + y.unsqueeze(1) * v_;
    return {.loss = objective_.value(theta).to(torch::kFloat64),
            .accuracy = objective_.accuracy(theta).to(torch::kFloat64)};
  }

 private:
  const SampledObjective& objective_;
  Tensor origin_, u_, v_;
};

}  // namespace

double Objective::smooth_radius(const Tensor&) const {
  return std::numeric_limits<double>::infinity();
}

double Objective::gradient_noise(const Tensor& theta) const {
  constexpr double kHalfUnit = std::numeric_limits<double>::epsilon() / 2;
  const auto sign = 1 - 2 * at::arange(theta.size(0), torch::kFloat64).remainder(2);
  const auto moved = theta * (1 + kHalfUnit * 2 * sign);
  const auto g = value_and_gradient(at::stack({theta, moved})).gradient;
  return (g[0] - g[1]).abs().max().item<double>();
}

Tensor Objective::hessian(const Tensor& theta) const {
  const auto size = dimension();
  const auto identity = at::eye(size, torch::kFloat64);
  auto out = at::empty({theta.size(0), size, size}, torch::kFloat64);
  const auto block = preferred_rows();
  for (int64_t b = 0; b < theta.size(0); ++b) {
    for (int64_t at = 0; at < size; at += block) {
      check_stop();
      const auto rows = std::min(block, size - at);
      const auto points = theta.narrow(0, b, 1).expand({rows, size}).contiguous();
      out[b]
          .narrow(0, at, rows)
          .copy_(hessian_times(points, identity.narrow(0, at, rows)));
    }
  }
  return (out + out.transpose(1, 2)) / 2;
}

Tensor Objective::kink_arguments(const Tensor& theta) const {
  return at::empty({theta.size(0), 0}, torch::kFloat64);
}

std::unique_ptr<FrozenObjective> Objective::frozen(const Tensor&) const {
  throw ContractError("frozen: this objective has no kinks");
}

std::vector<LayerProbe> SampledObjective::layer_probes(const Tensor&,
                                                       const Tensor&) const {
  return {};
}

std::unique_ptr<PackedObjective<float>> SampledObjective::packed_float() const {
  return std::make_unique<PackedRows<float>>(*this);
}

std::unique_ptr<PackedObjective<double>> SampledObjective::packed_double() const {
  return std::make_unique<PackedRows<double>>(*this);
}

Tensor SampledObjective::gauss_newton(const Tensor&) const { return {}; }

Tensor SampledObjective::gauss_newton_times(const Tensor&, const Tensor&) const {
  return {};
}

Tensor SampledObjective::decay() const {
  return at::zeros({dimension()}, torch::kFloat64);
}

LineLoss SampledObjective::on_line(const LineSegment&, int64_t) const {
  return {.problem = "its polynomials are not known"};
}

std::unique_ptr<PlaneObjective> SampledObjective::on_plane(const Tensor& origin,
                                                           const Tensor& u,
                                                           const Tensor& v) const {
  return std::make_unique<PlaneRows>(*this, origin, u, v);
}

}  // namespace basin
