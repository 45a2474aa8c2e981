#pragma once

#include <vector>

#include "core/layout.h"
#include "core/objective.h"
#include "minima/unit_ids.h"

namespace basin {

/// For each site `[M]` the first that is the same function of θ near θ, itself if there
/// is none before it. Sites of one unit are, of samples on which the layer below is
/// silent: each of its units strictly inactive, by kKinkTolerance, or in `zeroed` (held
/// at zero). What layers further up read of these samples is the same, too. `z` `[M]`,
/// `blocks` as from Objective::kink_blocks.
torch::Tensor same_sites(const ParameterLayout& layout,
                         const std::vector<KinkBlock>& blocks,
                         const torch::Tensor& z,
                         const std::vector<UnitId>& zeroed);

}  // namespace basin
