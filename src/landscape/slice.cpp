#include "landscape/slice.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/parallel.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"

namespace basin {
namespace {

using torch::Tensor;

constexpr int64_t kBlock = 128;    // points of one task
constexpr int64_t kTile = 32'768;  // points of one piece of work

double product_of(const Tensor& a, const Tensor& b) { return a.dot(b).item<double>(); }

}  // namespace

std::array<std::pair<const char*, Tensor*>, 6> SliceValues::channels() {
  return {{{"loss", &loss},
           {"plain_loss", &plain_loss},
           {"accuracy", &accuracy},
           {"held_out_loss", &held_out_loss},
           {"held_out_accuracy", &held_out_accuracy},
           {"quadratic", &quadratic}}};
}

SliceEvaluator::SliceEvaluator(const SampledObjective& objective,
                               const SampledObjective* held_out,
                               const SliceFrame& frame,
                               bool quadratic)
    : frame_(frame),
      plane_(objective.on_plane(frame.origin, frame.u, frame.v)),
      quadratic_(quadratic) {
  if (held_out != nullptr)
    held_out_ = held_out->on_plane(frame.origin, frame.u, frame.v);
  const auto decay = objective.decay();
  const auto& o = frame.origin;
  const auto& u = frame.u;
  const auto& v = frame.v;
  const auto half = [&](const Tensor& a, const Tensor& b) {
    return 0.5 * (decay * a * b).sum().item<double>();
  };
  const double parts[] = {half(o, o),
                          2 * half(o, u),
                          2 * half(o, v),
                          half(u, u),
                          2 * half(u, v),
                          half(v, v)};
  std::copy(std::begin(parts), std::end(parts), decay_);
  if (!quadratic) return;
  const auto at = objective.value_and_gradient(o.unsqueeze(0));
  const auto g = at.gradient[0].to(torch::kFloat64);
  const auto products =
      objective.hessian_times(at::stack({o, o}), at::stack({u, v})).to(torch::kFloat64);
  model_ = {at.value[0].item<double>(),
            product_of(g, u),
            product_of(g, v),
            0.5 * product_of(products[0], u),
            product_of(products[0], v),
            0.5 * product_of(products[1], v)};
}

int64_t SliceEvaluator::preferred_rows() const {
  return std::max<int64_t>(1, kTile / frame_.x.size(0));
}

void SliceEvaluator::add_quadratic(const Tensor& x,
                                   const Tensor& y,
                                   SliceValues& out) const {
  const auto quadratic_of = [&](const auto& c) {
    return c[0] + c[1] * x + c[2] * y + c[3] * x * x + c[4] * x * y + c[5] * y * y;
  };
  out.plain_loss = out.loss - quadratic_of(decay_);
  if (quadratic_) out.quadratic = quadratic_of(model_);
}

SliceValues SliceEvaluator::rows(int64_t first, int64_t rows, int64_t threads) const {
  const auto nx = frame_.x.size(0), points = nx * rows;
  const auto x = frame_.x.repeat({rows});
  const auto y = frame_.y.narrow(0, first, rows).repeat_interleave(nx);
  SliceValues out{.loss = at::empty({points}, torch::kFloat64),
                  .accuracy = at::empty({points}, torch::kFloat64)};
  if (held_out_) {
    out.held_out_loss = at::empty({points}, torch::kFloat64);
    out.held_out_accuracy = at::empty({points}, torch::kFloat64);
  }
  parallel_for((points + kBlock - 1) / kBlock, threads, [&](int64_t block) {
    const auto at = block * kBlock, count = std::min(kBlock, points - at);
    const auto fill = [&](const PlaneObjective& plane, Tensor& loss, Tensor& accuracy) {
      const auto values = plane.at(x.narrow(0, at, count), y.narrow(0, at, count));
      loss.narrow(0, at, count).copy_(values.loss);
      accuracy.narrow(0, at, count).copy_(values.accuracy);
    };
    fill(*plane_, out.loss, out.accuracy);
    if (held_out_) fill(*held_out_, out.held_out_loss, out.held_out_accuracy);
  });
  add_quadratic(x, y, out);
  for (auto& [name, values] : out.channels()) {
    if (values->defined()) *values = values->view({rows, nx});
  }
  return out;
}

SliceValues evaluate_slice(const SampledObjective& objective,
                           const SliceFrame& frame,
                           int64_t threads) {
  return SliceEvaluator(objective, nullptr, frame, /*quadratic=*/false)
      .rows(0, frame.y.size(0), threads);
}

Tensor map_axis(const Tensor& axis, int64_t m) {
  return at::linspace(
      axis[0].item<double>(), axis[-1].item<double>(), m, torch::kFloat64);
}

CurvatureRow curvature_row(const SampledObjective& objective,
                           const SliceFrame& frame,
                           const Tensor& x,
                           double y,
                           const CurvatureMapOptions& options,
                           int64_t threads) {
  CurvatureRow out{at::empty_like(x), at::empty_like(x)};
  parallel_for(x.size(0), threads, [&](int64_t i) {
    const auto theta =
        (frame.origin + x[i].item<double>() * frame.u + y * frame.v).contiguous();
    double least = Endpoint::kNan, largest = Endpoint::kNan;
    if (theta.size(0) <= options.dense_limit) {
      const auto hessian = objective.hessian(theta.unsqueeze(0))[0];
      if (hessian.isfinite().all().item<bool>()) {
        const auto values = symmetric_eigenvalues(hessian.to(torch::kFloat64));
        least = values[0].item<double>();
        largest = values[-1].item<double>();
      }
    } else {
      const auto spectrum = lanczos_spectrum(
          hessian_operator(objective, theta), theta.size(0), options.lanczos_steps);
      least = spectrum.min();
      largest = spectrum.max();
    }
    out.least[i] = least;
    out.largest[i] = largest;
  });
  return out;
}

}  // namespace basin
