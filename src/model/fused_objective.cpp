#include "model/fused_objective.h"

#include <ATen/Functions.h>

#include <limits>

#include "core/error.h"
#include "core/packing.h"
#include "model/fused_plane.h"
#include "model/loss.h"

namespace basin {
namespace {

using torch::Tensor;

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

template <typename T>
constexpr torch::ScalarType kDtype =
    std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;

template <typename T>
PerceptronProblem<T> problem_of(const Network& network,
                                const LossOptions& loss,
                                const Dataset& data) {
  const auto inputs = data.inputs.to(kDtype<T>).t().contiguous();
  const auto targets = loss_targets(loss, data).to(kDtype<T>).t().contiguous();
  Tensor decay;
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

// Rows of θ, from `first`, side by side; lanes without a row repeat the last one.
template <typename T>
void pack(const Tensor& theta, int64_t first, int64_t lanes, T* to) {
  const auto rows = theta.size(0), size = theta.size(1);
  const T* from = theta.template data_ptr<T>();
  const auto row = [&](int64_t k) {
    return from + std::min(first + k, rows - 1) * size;
  };
  pack_rows(lanes, [](int64_t k) { return k; }, row, size, lanes, to);
}

template <typename T>
void unpack(const T* from, int64_t lanes, int64_t first, Tensor& to) {
  const auto size = to.size(1), rows = std::min(lanes, to.size(0) - first);
  T* base = to.template data_ptr<T>() + first * size;
  const auto row = [&](int64_t k) { return base + k * size; };
  unpack_rows(rows, [](int64_t k) { return k; }, row, size, lanes, from);
}

template <typename T>
class PackedGroup final : public PackedObjective<T> {
 public:
  explicit PackedGroup(const PerceptronProblem<T>& problem) : group_(problem) {}

  int64_t lanes() const override { return group_.lanes(); }

  void value_and_gradient(const T* theta,
                          const int64_t* index,
                          int64_t count,
                          const std::vector<bool>&,
                          T* value,
                          T* gradient) override {
    if (index == nullptr) {
      group_.value_and_gradient(theta, value, gradient);
    } else {
      group_.value_and_gradient_on(theta, index, count, count, value, gradient);
    }
  }

 private:
  GroupEvaluator<T> group_;
};

}  // namespace

template <typename T>
struct FusedObjective<T>::Desk {
  explicit Desk(const PerceptronProblem<T>& problem)
      : group(problem),
        theta(size_of(problem)),
        other(size_of(problem)),
        result(size_of(problem)),
        value(static_cast<size_t>(group.lanes())),
        right(static_cast<size_t>(group.lanes())) {}

  size_t size_of(const PerceptronProblem<T>& problem) const {
    return static_cast<size_t>(problem.network.parameters * group.lanes());
  }

  GroupEvaluator<T> group;
  Buffer<T> theta, other, result, value, right;
};

template <typename T>
FusedObjective<T>::FusedObjective(const Network& network,
                                  const LossOptions& loss,
                                  const Dataset& data)
    : reference_(network, loss, data, {.dtype = kDtype<T>}),
      has_classes_(data.has_classes()),
      problem_(problem_of<T>(network, loss, data)) {}

template <typename T>
FusedObjective<T>::~FusedObjective() = default;

template <typename T>
template <typename F>
void FusedObjective<T>::with_desk(F&& f) const {
  std::unique_ptr<Desk> desk;
  {
    const std::lock_guard lock(guard_);
    if (!free_.empty()) {
      desk = std::move(free_.back());
      free_.pop_back();
    }
  }
  if (!desk) desk = std::make_unique<Desk>(problem_);
  f(*desk);
  const std::lock_guard lock(guard_);
  free_.push_back(std::move(desk));
}

template <typename T>
template <typename F>
void FusedObjective<T>::by_groups(const Tensor& theta, F&& f) const {
  require(theta.dim() == 2 && theta.size(1) == dimension(),
          "FusedObjective: theta must be [B, P]");
  with_desk([&](Desk& desk) {
    const auto lanes = desk.group.lanes();
    for (int64_t first = 0; first < theta.size(0); first += lanes) {
      pack(theta, first, lanes, desk.theta.data());
      f(desk, first, std::min(lanes, theta.size(0) - first));
    }
  });
}

template <typename T>
Tensor FusedObjective<T>::value(const Tensor& theta) const {
  const auto all = theta.to(kDtype<T>).contiguous();
  auto out = at::empty({all.size(0)}, kDtype<T>);
  by_groups(all, [&](Desk& desk, int64_t first, int64_t rows) {
    desk.group.value(desk.theta.data(), desk.value.data());
    std::copy_n(desk.value.data(), rows, out.template data_ptr<T>() + first);
  });
  return out;
}

template <typename T>
ValueAndGradient FusedObjective<T>::value_and_gradient(const Tensor& theta) const {
  const auto all = theta.to(kDtype<T>).contiguous();
  ValueAndGradient out{at::empty({all.size(0)}, kDtype<T>), at::empty_like(all)};
  by_groups(all, [&](Desk& desk, int64_t first, int64_t rows) {
    desk.group.value_and_gradient(
        desk.theta.data(), desk.value.data(), desk.result.data());
    std::copy_n(desk.value.data(), rows, out.value.template data_ptr<T>() + first);
    unpack(desk.result.data(), desk.group.lanes(), first, out.gradient);
  });
  return out;
}

template <typename T>
ValueAndGradient FusedObjective<T>::value_and_gradient_on(const Tensor& theta,
                                                          const Tensor& index) const {
  require(index.dim() == 2 && index.size(0) == theta.size(0),
          "FusedObjective: index must be [B, m]");
  const auto all = theta.to(kDtype<T>).contiguous();
  const auto which = index.contiguous();
  const auto count = which.size(1);
  ValueAndGradient out{at::empty({all.size(0)}, kDtype<T>), at::empty_like(all)};
  std::vector<int64_t> own;
  by_groups(all, [&](Desk& desk, int64_t first, int64_t rows) {
    own.clear();
    for (int64_t k = 0; k < desk.group.lanes(); ++k) {
      const auto* row =
          which.data_ptr<int64_t>() + (first + std::min(k, rows - 1)) * count;
      own.insert(own.end(), row, row + count);
    }
    desk.group.value_and_gradient_on(desk.theta.data(),
                                     own.data(),
                                     count,
                                     count,
                                     desk.value.data(),
                                     desk.result.data());
    std::copy_n(desk.value.data(), rows, out.value.template data_ptr<T>() + first);
    unpack(desk.result.data(), desk.group.lanes(), first, out.gradient);
  });
  return out;
}

template <typename T>
Tensor FusedObjective<T>::hessian_times(const Tensor& theta, const Tensor& v) const {
  const auto all = theta.to(kDtype<T>).contiguous();
  const auto directions = v.to(kDtype<T>).contiguous();
  auto out = at::empty_like(all);
  by_groups(all, [&](Desk& desk, int64_t first, int64_t) {
    pack(directions, first, desk.group.lanes(), desk.other.data());
    desk.group.hessian_times(desk.theta.data(), desk.other.data(), desk.result.data());
    unpack(desk.result.data(), desk.group.lanes(), first, out);
  });
  return out;
}

// A few products cost less than the many small operations of the closed form.
template <typename T>
Tensor FusedObjective<T>::hessian(const Tensor& theta) const {
  constexpr int64_t kFew = 128;
  return dimension() <= kFew ? Objective::hessian(theta) : reference_.hessian(theta);
}

template <typename T>
Tensor FusedObjective<T>::accuracy(const Tensor& theta) const {
  if (!has_classes_) {
    return at::full(
        {theta.size(0)}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  }
  const auto all = theta.to(kDtype<T>).contiguous();
  auto out = at::empty({all.size(0)}, torch::kFloat64);
  by_groups(all, [&](Desk& desk, int64_t first, int64_t rows) {
    desk.group.value(desk.theta.data(), desk.value.data(), desk.right.data());
    for (int64_t k = 0; k < rows; ++k) {
      out.template data_ptr<double>()[first + k] =
          static_cast<double>(desk.right[static_cast<size_t>(k)]) /
          static_cast<double>(samples());
    }
  });
  return out;
}

template <typename T>
double FusedObjective<T>::gradient_noise(const Tensor& theta) const {
  return std::max(noise_of_order(*this, theta), Objective::gradient_noise(theta));
}

template <typename T>
std::unique_ptr<PackedObjective<float>> FusedObjective<T>::packed_float() const {
  if constexpr (std::is_same_v<T, float>) {
    return std::make_unique<PackedGroup<float>>(problem_);
  }
  throw ContractError("packed_float: this objective is of float64");
}

template <typename T>
std::unique_ptr<PackedObjective<double>> FusedObjective<T>::packed_double() const {
  if constexpr (std::is_same_v<T, double>) {
    return std::make_unique<PackedGroup<double>>(problem_);
  }
  throw ContractError("packed_double: this objective is of float32");
}

template <typename T>
std::unique_ptr<PlaneObjective> FusedObjective<T>::on_plane(const Tensor& origin,
                                                            const Tensor& u,
                                                            const Tensor& v) const {
  return std::make_unique<FusedPlane<T>>(problem_, has_classes_, origin, u, v);
}

template class FusedObjective<float>;
template class FusedObjective<double>;

std::unique_ptr<SampledObjective> make_objective(const Network& network,
                                                 const LossOptions& loss,
                                                 const Dataset& data,
                                                 const Placement& placement,
                                                 ComputePath& path) {
  constexpr int64_t kMost = int64_t{1} << 30;  // bytes: θ, its gradient, moments
  const auto group = 4 * network.layout.dimension * 16 * int64_t{4};
  const bool cpu = placement.device.is_cpu();
  if (path == ComputePath::kFused && !cpu) {
    throw InputError(
        "compute.path: expected autograd or auto, the fused kernels run on the cpu");
  }
  if (path == ComputePath::kAuto) {
    path = cpu && group <= kMost ? ComputePath::kFused : ComputePath::kAutograd;
  }
  if (path == ComputePath::kAutograd)
    return std::make_unique<NetworkObjective>(network, loss, data, placement);
  if (placement.dtype == torch::kFloat32)
    return std::make_unique<FusedObjective<float>>(network, loss, data);
  return std::make_unique<FusedObjective<double>>(network, loss, data);
}

}  // namespace basin
