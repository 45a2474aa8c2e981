#include "minima/inactive.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace basin {
namespace {

using torch::Tensor;

// Units of a block with slope 0 on this side of their kinks, `[rows, N]`.
Tensor inactive_units(const KinkBlock& block, const Tensor& arguments) {
  const auto z = arguments.narrow(0, block.offset, block.size())
                     .view({block.units, block.samples});
  const double tolerance = kKinkTolerance * z.abs().max().item<double>();
  if (block.low == 0) return z < -tolerance;
  if (block.high == 0) return z > tolerance;
  return at::zeros_like(z).to(torch::kBool);
}

}  // namespace

std::vector<bool> locally_free(const ParameterLayout& layout,
                               const std::vector<KinkBlock>& blocks,
                               const Tensor& arguments) {
  std::vector<bool> out(static_cast<size_t>(layout.dimension), false);
  const bool skips = std::any_of(
      layout.groups.begin(), layout.groups.end(), [](const UnitGroup& group) {
        return group.layers.size() > 1 || group.readers.empty();
      });
  if (blocks.empty() || skips) return out;
  const auto samples = blocks.front().samples;
  const auto count = layout.layers.size();
  // Step 1: what is inactive of itself; entry `count` is the loss.
  std::vector<Tensor> inactive(count + 1);
  for (const auto& block : blocks)
    inactive[static_cast<size_t>(block.layer)] = inactive_units(block, arguments);
  // Step 2: from the loss backwards, what is cut. `below` is whether a_r is.
  std::vector<Tensor> cut(count);
  auto below = inactive[count];
  for (size_t l = count; l-- > 0;) {
    const auto rows = layout.layers[l].rows;
    if (!below.defined()) below = at::zeros({rows, samples}, torch::kBool);
    if (below.size(0) != rows) return out;  // a loss over all outputs together
    cut[l] = inactive[l].defined() ? inactive[l].logical_or(below) : below;
    below = cut[l]
                .all(/*dim=*/0, /*keepdim=*/true)
                .expand({layout.layers[l].columns, samples})
                .contiguous();
  }
  // Step 3: the parameters.
  for (size_t l = 0; l < count; ++l) {
    const auto& layer = layout.layers[l];
    const auto always = cut[l].all(/*dim=*/1);
    for (int64_t r = 0; r < layer.rows; ++r) {
      if (layer.bias >= 0)
        out[static_cast<size_t>(layer.bias + r)] = always[r].item<bool>();
      for (int64_t u = 0; u < layer.columns; ++u) {
        auto free = cut[l][r];
        if (l > 0 && inactive[l - 1].defined())
          free = free.logical_or(inactive[l - 1][u]);
        out[static_cast<size_t>(layer.weight + r * layer.columns + u)] =
            free.all().item<bool>();
      }
    }
  }
  return out;
}

}  // namespace basin
