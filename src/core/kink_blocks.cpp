#include "core/kink_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace basin {

const KinkBlock& block_of(const std::vector<KinkBlock>& blocks, int64_t site) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) {
    return site >= b.offset && site < b.offset + b.size();
  });
  if (found == blocks.end())
    throw std::invalid_argument(fmt::format("no kink block has site {}", site));
  return *found;
}

const KinkBlock& layer_block(const std::vector<KinkBlock>& blocks, int64_t layer) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const auto& b) {
    return b.layer == layer && b.name != "loss";
  });
  if (found == blocks.end())
    throw std::invalid_argument(fmt::format("layer {} has no kink block", layer));
  return *found;
}

}  // namespace basin
