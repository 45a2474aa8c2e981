#include "model/fused_plane.h"

#include <ATen/Functions.h>

#include <limits>

namespace basin {
namespace {

using torch::Tensor;

template <typename T>
std::vector<T> numbers(const Tensor& from) {
  const auto wide = from.to(torch::kFloat64).contiguous();
  return {wide.data_ptr<double>(), wide.data_ptr<double>() + wide.numel()};
}

// W0 X + b0 at θ, `[h][padded]`, computed in float64.
template <typename T>
Buffer<T> first_layer(const PerceptronProblem<T>& problem, const Tensor& theta) {
  const auto& layer = problem.network.layers.front();
  const auto x = at::from_blob(const_cast<T*>(problem.inputs.data()),
                               {layer.columns, problem.padded},
                               c10::CppTypeToScalarType<T>::value)
                     .to(torch::kFloat64);
  const auto all = theta.to(torch::kFloat64);
  const auto w = all.narrow(0, layer.weight, layer.rows * layer.columns)
                     .view({layer.rows, layer.columns});
  auto z = at::mm(w, x);
  if (layer.bias >= 0) z += all.narrow(0, layer.bias, layer.rows).unsqueeze(1);
  Buffer<T> out(static_cast<size_t>(z.numel()));
  std::copy_n(z.template data_ptr<double>(), z.numel(), out.data());
  return out;
}

}  // namespace

template <typename T>
FusedPlane<T>::FusedPlane(const PerceptronProblem<T>& problem,
                          bool has_classes,
                          const Tensor& origin,
                          const Tensor& u,
                          const Tensor& v)
    : problem_(problem),
      has_classes_(has_classes),
      first_{.base = first_layer(problem, origin),
             .along_x = first_layer(problem, u),
             .along_y = first_layer(problem, v)},
      origin_(numbers<T>(origin)),
      u_(numbers<T>(u)),
      v_(numbers<T>(v)) {
  const auto o = numbers<double>(origin), a = numbers<double>(u),
             b = numbers<double>(v);
  for (size_t i = 0; i < problem.decay.size(); ++i) {
    const double half = 0.5 * problem.decay[i];
    decay_[0] += half * o[i] * o[i];
    decay_[1] += 2 * half * o[i] * a[i];
    decay_[2] += 2 * half * o[i] * b[i];
    decay_[3] += half * a[i] * a[i];
    decay_[4] += 2 * half * a[i] * b[i];
    decay_[5] += half * b[i] * b[i];
  }
}

template <typename T>
void FusedPlane<T>::pack_rest(const T* x, const T* y, int64_t lanes, T* theta) const {
  const auto& first = problem_.network.layers.front();
  const auto bias = first.bias >= 0 ? first.rows : 0;
  for (auto i = first.rows * first.columns + bias; i < problem_.network.parameters;
       ++i) {
    const auto at = static_cast<size_t>(i);
    for (int64_t k = 0; k < lanes; ++k)
      theta[i * lanes + k] = origin_[at] + x[k] * u_[at] + y[k] * v_[at];
  }
}

template <typename T>
PlaneValues FusedPlane<T>::at(const Tensor& x, const Tensor& y) const {
  GroupEvaluator<T> group(problem_);
  const auto lanes = group.lanes(), points = x.size(0);
  Buffer<T> theta(static_cast<size_t>(problem_.network.parameters * lanes));
  Buffer<T> own(static_cast<size_t>(4 * lanes));
  T *a = own.data(), *b = a + lanes, *value = b + lanes, *right = value + lanes;
  const auto xs = x.to(torch::kFloat64).contiguous(),
             ys = y.to(torch::kFloat64).contiguous();
  PlaneValues out{
      at::empty({points}, torch::kFloat64),
      at::full({points}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64)};
  for (int64_t from = 0; from < points; from += lanes) {
    for (int64_t k = 0; k < lanes; ++k) {
      const auto point = std::min(from + k, points - 1);
      a[k] = static_cast<T>(xs.data_ptr<double>()[point]);
      b[k] = static_cast<T>(ys.data_ptr<double>()[point]);
    }
    pack_rest(a, b, lanes, theta.data());
    group.value_on_plane(
        first_, a, b, theta.data(), value, has_classes_ ? right : nullptr);
    for (int64_t k = 0; k < std::min(lanes, points - from); ++k) {
      const double p = xs.data_ptr<double>()[from + k],
                   q = ys.data_ptr<double>()[from + k];
      out.loss.data_ptr<double>()[from + k] =
          static_cast<double>(value[k]) + decay_[0] + decay_[1] * p + decay_[2] * q +
          decay_[3] * p * p + decay_[4] * p * q + decay_[5] * q * q;
      if (has_classes_) {
        out.accuracy.data_ptr<double>()[from + k] =
            static_cast<double>(right[k]) / static_cast<double>(problem_.samples);
      }
    }
  }
  return out;
}

template class FusedPlane<float>;
template class FusedPlane<double>;

}  // namespace basin
