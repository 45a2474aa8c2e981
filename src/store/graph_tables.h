#pragma once

#include <filesystem>

#include "connectivity/graph.h"

namespace basin {

/// nodes.csv, saddles.csv, attempts.csv, lines.csv (every straight line, raw and
/// aligned) and joins.csv (the merge tree) in `folder`; none if there are no nodes.
void write_graph_tables(const Graph& graph,
                        double barrier,
                        const std::filesystem::path& folder);

}  // namespace basin
