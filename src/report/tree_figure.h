#pragma once

#include <string>

#include "connectivity/merge_tree.h"

namespace basin {

/// The disconnectivity graph as SVG: a leaf for each minimum at its loss (size by hits,
/// colour by verdict, hollow if no seed reached it), joins at their losses, dashed
/// where a join is only bounded from above. Leaves and joins carry data-node and
/// data-join, to be clicked. Becker and Karplus, J. Chem. Phys. 106 (1997), 1495.
std::string tree_figure(const MergeTree& tree,
                        const Graph& graph,
                        const std::string& title);

}  // namespace basin
