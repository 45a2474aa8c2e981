#include "model/fused_objective.h"

#include <ATen/Functions.h>

#include <limits>

#include "core/error.h"
#include "core/packing.h"
#include "model/fused_plane.h"
#include "model/loss.h"
#include "model/packed_group.h"
#include "model/perceptron_problem.h"

namespace basin {
namespace {

using torch::Tensor;

// Rows of θ, from `first`, side by side; lanes without a row repeat the last one.
template <typename T>
void pack(const Tensor& theta, int64_t first, int64_t lanes, T* to) {
  const auto rows = theta.size(0), size = theta.size(1);
  const T* from = theta.template data_ptr<T>();
  const auto row = [&](int64_t k) {
    return from + std::min(first + k, rows - 1) * size;
  };
  pack_rows(
      lanes, [](int64_t k) { return k; }, row, size, lanes, to);
}

template <typename T>
void unpack(const T* from, int64_t lanes, int64_t first, Tensor& to) {
  const auto size = to.size(1), rows = std::min(lanes, to.size(0) - first);
  T* base = to.template data_ptr<T>() + first * size;
  const auto row = [&](int64_t k) { return base + k * size; };
  unpack_rows(
      rows, [](int64_t k) { return k; }, row, size, lanes, from);
}

}  // namespace

template <typename T>
struct FusedObjective<T>::Desk {
  Desk(const PerceptronProblem<T>& problem, const PerceptronProblem<T>& split)
      : group(problem),
        rows(split, problem.decay),
        theta(size_of(problem)),
        other(size_of(problem)),
        result(size_of(problem)),
        value(static_cast<size_t>(group.lanes())),
        right(static_cast<size_t>(group.lanes())) {}

  size_t size_of(const PerceptronProblem<T>& problem) const {
    return static_cast<size_t>(problem.network.parameters * group.lanes());
  }

  GroupEvaluator<T> group;
  SplitRows<T> rows;
  Buffer<T> theta, other, result, value, right;
};

template <typename T>
FusedObjective<T>::FusedObjective(const Network& network,
                                  const LossOptions& loss,
                                  const Dataset& data)
    : reference_(network, loss, data, {.dtype = kDtype<T>}),
      has_classes_(data.has_classes()),
      problem_(problem_of<T>(network, loss, data)) {
  // So few samples leave lanes with nothing to do; rows side by side fill them better.
  constexpr int64_t kManySamples = 256;
  split_ = data.samples() >= kManySamples;
  if (BlasPasses::pays(network.layout, data.samples())) {
    wide_.emplace(network, loss, reference_.decay().to(kDtype<T>));
    inputs_ = data.inputs.to(kDtype<T>).t().contiguous();
    targets_ = loss_targets(loss, data).to(kDtype<T>).t().contiguous();
  }
  if (split_) dealt_ = split_samples(problem_, group_lanes<T>());
}

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
  if (!desk) desk = std::make_unique<Desk>(problem_, split_ ? dealt_ : problem_);
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
template <typename F>
void FusedObjective<T>::by_rows(const Tensor& theta, F&& f) const {
  require(theta.dim() == 2 && theta.size(1) == dimension(),
          "FusedObjective: theta must be [B, P]");
  with_desk([&](Desk& desk) {
    for (int64_t row = 0; row < theta.size(0); ++row) {
      f(desk.rows, theta.template data_ptr<T>() + row * theta.size(1), row);
    }
  });
}

template <typename T>
template <typename F>
void FusedObjective<T>::by_blas(const Tensor& theta, F&& f) const {
  require(theta.dim() == 2 && theta.size(1) == dimension(),
          "FusedObjective: theta must be [B, P]");
  const at::NoGradGuard no_grad;
  for (int64_t row = 0; row < theta.size(0); ++row) f(theta[row], row);
}

template <typename T>
Tensor FusedObjective<T>::value(const Tensor& theta) const {
  const auto all = theta.to(kDtype<T>).contiguous();
  auto out = at::empty({all.size(0)}, kDtype<T>);
  if (wide_) {
    by_blas(all, [&](const Tensor& x, int64_t row) {
      out[row].copy_(wide_->value(x, inputs_, targets_));
    });
    return out;
  }
  T* values = out.template data_ptr<T>();
  if (split_) {
    by_rows(all, [&](SplitRows<T>& rows, const T* x, int64_t row) {
      values[row] = rows.value(x);
    });
    return out;
  }
  by_groups(all, [&](Desk& desk, int64_t first, int64_t rows) {
    desk.group.value(desk.theta.data(), desk.value.data());
    std::copy_n(desk.value.data(), rows, values + first);
  });
  return out;
}

template <typename T>
ValueAndGradient FusedObjective<T>::value_and_gradient(const Tensor& theta) const {
  const auto all = theta.to(kDtype<T>).contiguous();
  ValueAndGradient out{at::empty({all.size(0)}, kDtype<T>), at::empty_like(all)};
  if (wide_) {
    by_blas(all, [&](const Tensor& x, int64_t row) {
      out.value[row].copy_(
          wide_->value_and_gradient(x, inputs_, targets_, out.gradient[row]));
    });
    return out;
  }
  if (split_) {
    T* gradient = out.gradient.template data_ptr<T>();
    by_rows(all, [&](SplitRows<T>& rows, const T* x, int64_t row) {
      out.value.template data_ptr<T>()[row] =
          rows.value_and_gradient(x, gradient + row * dimension());
    });
    return out;
  }
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
  if (wide_) {
    by_blas(all, [&](const Tensor& x, int64_t row) {
      const auto own = which[row];
      out.value[row].copy_(wide_->value_and_gradient(x,
                                                     inputs_.index_select(1, own),
                                                     targets_.index_select(1, own),
                                                     out.gradient[row]));
    });
    return out;
  }
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
  if (wide_) {
    by_blas(all, [&](const Tensor& x, int64_t row) {
      wide_->hessian_times(x, directions[row], inputs_, targets_, out[row]);
    });
    return out;
  }
  if (split_) {
    const T* v_at = directions.template data_ptr<T>();
    T* to = out.template data_ptr<T>();
    by_rows(all, [&](SplitRows<T>& rows, const T* x, int64_t row) {
      rows.hessian_times(x, v_at + row * dimension(), to + row * dimension());
    });
    return out;
  }
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
    if (wide_) return SampledObjective::packed_float();
    return std::make_unique<PackedGroup<float>>(problem_);
  }
  throw ContractError("packed_float: this objective is of float64");
}

template <typename T>
std::unique_ptr<PackedObjective<double>> FusedObjective<T>::packed_double() const {
  if constexpr (std::is_same_v<T, double>) {
    if (wide_) return SampledObjective::packed_double();
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

}  // namespace basin
