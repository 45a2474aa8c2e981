#pragma once

#include <vector>

#include "core/objective.h"

namespace basin {

/// The block of a site, the units of a layer. `blocks` as from Objective::kink_blocks;
/// std::invalid_argument if there is none.
const KinkBlock& block_of(const std::vector<KinkBlock>& blocks, int64_t site);
const KinkBlock& layer_block(const std::vector<KinkBlock>& blocks, int64_t layer);

}  // namespace basin
