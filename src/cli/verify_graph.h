#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "connectivity/graph.h"
#include "minima/count.h"
#include "verify/certificate.h"

namespace basin {

/// What does not hold of a graph: certificates of nodes and saddles, by the reference
/// code; that each saddle has index 1 and the flow from it, followed again, ends at the
/// two nodes of its edge; the counts of components.
std::vector<std::string> graph_faults(const Session& session,
                                      const CertificateContext& context,
                                      const Graph& graph,
                                      const std::vector<Count>& counts);

}  // namespace basin
