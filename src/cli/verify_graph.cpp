#include "cli/verify_graph.h"

#include <fmt/format.h>

#include <algorithm>

#include "connectivity/merge_tree.h"
#include "core/parallel.h"
#include "core/progress.h"

namespace basin {
namespace {

// What is wrong with an edge.
std::string fault_of(const Session& session,
                     const CertificateContext& context,
                     const Graph& graph,
                     const Edge& edge) {
  const auto faults = faults_of(context, edge.saddle);
  if (!faults.empty()) return faults.front();
  const auto& options = session.spec.minima;
  if (!is_simple_saddle(edge.saddle, options)) return "not a saddle of index 1";
  const auto problem = session.problem();
  const auto again = cross(problem, edge.saddle.theta, options, 0.3);
  if (!again.proved) return again.problem;
  auto a = find_node(problem, graph.nodes, again.left, options);
  auto b = find_node(problem, graph.nodes, again.right, options);
  if (a > b) std::swap(a, b);
  return a == edge.a && b == edge.b
             ? ""
             : fmt::format("the flow from it ends at {} and {}", a, b);
}

}  // namespace

std::vector<std::string> graph_faults(const Session& session,
                                      const CertificateContext& context,
                                      const Graph& graph,
                                      const std::vector<Count>& counts) {
  const auto nodes = graph.nodes.size(), all = nodes + graph.edges.size();
  std::vector<std::string> found(all);
  Progress progress("verifying the graph", static_cast<int64_t>(all));
  parallel_for(static_cast<int64_t>(all), session.threads, [&](int64_t i) {
    const auto k = static_cast<size_t>(i);
    if (k < nodes) {
      const auto faults = faults_of(context, graph.nodes[k].endpoint);
      if (!faults.empty())
        found[k] = fmt::format("node {}: {}", graph.nodes[k].id, faults.front());
    } else {
      const auto fault = fault_of(session, context, graph, graph.edges[k - nodes]);
      if (!fault.empty()) found[k] = fmt::format("saddle {}: {}", k - nodes, fault);
    }
    progress.advance();
  });
  std::erase(found, "");
  for (const auto& c : counts) {
    if (c.level != "component") continue;
    int64_t certified = 0;
    for (const auto& n : graph.nodes)
      certified += n.hits > 0 && is_certified(n.endpoint);
    const auto again =
        component_count(graph, certified, session.spec.connectivity.barrier);
    if (again.count != c.count || again.seeds != c.seeds)
      found.emplace_back("the count of components does not follow from the graph");
  }
  return found;
}

}  // namespace basin
