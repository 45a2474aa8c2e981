#include "minima/same_sites.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "core/numbers.h"
#include "minima/kink_verdict.h"

namespace basin {
namespace {

// The group of a layer that only the next one reads, and nothing is added to; -1: none.
int64_t plain_group(const ParameterLayout& layout, int64_t layer) {
  for (size_t g = 0; g < layout.groups.size(); ++g) {
    const auto& group = layout.groups[g];
    if (group.layers == std::vector<int64_t>{layer} && !group.readers.empty())
      return static_cast<int64_t>(g);
  }
  return -1;
}

// Whether all units of a layer say nothing, of each sample.
std::vector<bool> silent_samples(const KinkBlock& block,
                                 int64_t group,
                                 const double* z,
                                 const std::vector<UnitId>& zeroed) {
  std::vector<bool> out(static_cast<size_t>(block.samples), block.low == 0);
  double scale = 0;
  for (int64_t i = 0; i < block.size(); ++i) scale = std::max(scale, std::abs(z[i]));
  for (int64_t u = 0; u < block.units; ++u) {
    const bool gone = std::any_of(zeroed.begin(), zeroed.end(), [&](const UnitId& id) {
      return static_cast<int64_t>(id.group) == group && id.unit == u;
    });
    if (gone) continue;
    for (int64_t n = 0; n < block.samples; ++n) {
      if (!(z[u * block.samples + n] < -kKinkTolerance * scale))
        out[static_cast<size_t>(n)] = false;
    }
  }
  return out;
}

}  // namespace

torch::Tensor same_sites(const ParameterLayout& layout,
                         const std::vector<KinkBlock>& blocks,
                         const torch::Tensor& z,
                         const std::vector<UnitId>& zeroed) {
  auto out = at::arange(z.size(0), torch::kInt64);
  if (blocks.empty()) return out;
  auto* first = out.data_ptr<int64_t>();
  const auto values = numbers(z);
  // Of each sample, the first whose inputs to the layer are the same function.
  std::vector<int64_t> like(static_cast<size_t>(blocks.front().samples));
  for (size_t n = 0; n < like.size(); ++n) like[n] = static_cast<int64_t>(n);
  for (const auto& block : blocks) {
    if (block.name == "loss") break;  // targets differ
    for (int64_t u = 0; u < block.units; ++u) {
      const auto row = block.offset + u * block.samples;
      for (int64_t n = 0; n < block.samples; ++n)
        first[row + n] = row + like[static_cast<size_t>(n)];
    }
    const auto group = plain_group(layout, block.layer);
    if (group < 0) continue;
    const auto silent =
        silent_samples(block, group, values.data() + block.offset, zeroed);
    const auto at = std::find(silent.begin(), silent.end(), true) - silent.begin();
    for (size_t n = 0; n < like.size(); ++n) {
      if (silent[n]) like[n] = static_cast<int64_t>(at);
    }
  }
  return out;
}

}  // namespace basin
