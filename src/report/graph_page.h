#pragma once

#include <string>
#include <vector>

#include "report/figures.h"

namespace basin {

/// How the minima are joined: tree, joins, straight lines, paths. Empty without nodes.
std::string graph_section(const RunReport& report);

/// The disconnectivity graph and the paths.
std::vector<Figure> graph_figures(const RunReport& report);

/// The first attempt at each pair.
std::vector<const Attempt*> first_attempts(const Graph& graph);

/// What is known of the graph, in sentences.
std::vector<std::string> graph_sentences(const RunReport& report);

}  // namespace basin
