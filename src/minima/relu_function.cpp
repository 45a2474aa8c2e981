#include "minima/relu_function.h"

#include <ATen/Functions.h>

#include <vector>

#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

double greatest(const Tensor& a) {
  return a.numel() == 0 ? 0.0 : a.abs().max().item<double>();
}

bool same_plane(const Tensor& a, const Tensor& b, double tolerance) {
  return greatest(a - b) <= tolerance || greatest(a + b) <= tolerance;
}

}  // namespace

std::optional<ReluFunction> relu_function(const ParameterLayout& layout,
                                          const std::vector<KinkBlock>& blocks,
                                          const Tensor& theta) {
  constexpr double kTolerance = 1e-7;
  const bool fits = layout.layers.size() == 2 && layout.groups.size() == 1 &&
                    layout.groups[0].positive_scaling && !blocks.empty() &&
                    blocks[0].layer == 0 &&
                    (blocks.size() == 1 || blocks[1].layer == 2);
  if (!fits) return std::nullopt;
  const auto at = layer_views(layout, theta);
  const auto units = layout.layers[0].rows, outputs = layout.layers[1].rows;
  const auto bias =
      at.bias[0].defined() ? at.bias[0] : at::zeros({units}, torch::kFloat64);
  const auto rows = at::cat({at.weight[0], bias.unsqueeze(1)}, 1);  // (w, b)
  // φ(z) = mean z + half |z|.
  const double mean = (blocks[0].high + blocks[0].low) / 2;
  const double half = (blocks[0].high - blocks[0].low) / 2;
  auto affine = mean * at::mm(at.weight[1], rows);  // [K, d + 1]
  const auto d = layout.layers[0].columns;
  if (at.bias[1].defined()) affine.select(1, d).add_(at.bias[1]);
  std::vector<Tensor> planes, amplitudes;
  for (int64_t i = 0; i < units; ++i) {
    const double size = rows[i].norm().item<double>();
    if (size == 0) continue;
    const auto amplitude = half * size * at.weight[1].select(1, i);
    const auto plane = rows[i] / size;
    if (greatest(plane.narrow(0, 0, d)) <= 1e-12) {  // |b|: a constant
      affine.select(1, d).add_(amplitude * plane[d].abs());
      continue;
    }
    bool merged = false;
    for (size_t m = 0; m < planes.size() && !merged; ++m) {
      merged = same_plane(planes[m], plane, kTolerance);
      if (merged) amplitudes[m] = amplitudes[m] + amplitude;
    }
    if (merged) continue;
    planes.push_back(plane);
    amplitudes.push_back(amplitude);
  }
  double most = greatest(affine);
  for (const auto& a : amplitudes) most = std::max(most, greatest(a));
  ReluFunction out{.planes = at::zeros({0, d + 1}, torch::kFloat64),
                   .amplitude = at::zeros({0, outputs}, torch::kFloat64),
                   .affine = affine};
  for (size_t m = 0; m < planes.size(); ++m) {
    if (greatest(amplitudes[m]) <= kTolerance * most) continue;
    out.planes = at::cat({out.planes, planes[m].unsqueeze(0)});
    out.amplitude = at::cat({out.amplitude, amplitudes[m].unsqueeze(0)});
  }
  return out;
}

bool same_everywhere(const ReluFunction& a, const ReluFunction& b, double tolerance) {
  const auto count = a.planes.size(0);
  if (count != b.planes.size(0)) return false;
  const double bound =
      tolerance * (1 + std::max(greatest(a.affine), greatest(a.amplitude)));
  if (greatest(a.affine - b.affine) > bound) return false;
  // The planes of one form are different: at most one of b can agree.
  for (int64_t i = 0; i < count; ++i) {
    bool found = false;
    for (int64_t j = 0; j < count && !found; ++j) {
      found = same_plane(a.planes[i], b.planes[j], tolerance) &&
              greatest(a.amplitude[i] - b.amplitude[j]) <= bound;
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace basin
