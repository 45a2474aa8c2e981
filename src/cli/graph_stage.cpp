#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/stages.h"
#include "connectivity/hopping.h"
#include "connectivity/merge_tree.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/stop.h"

namespace basin {
namespace {

constexpr int64_t kTogether = 4;  // attempts, and chains of hops; changes results
constexpr size_t kMostNodes = 1000;

// The classes that seeds reached, those of lowest loss first.
std::vector<Node> seed_nodes(const Session& session,
                             const std::vector<Minimum>& minima,
                             size_t most) {
  std::vector<Node> out;
  for (const auto& m : minima) {
    if (out.size() == most) break;
    out.push_back({.id = m.id,
                   .endpoint = m.endpoint,
                   .hits = static_cast<int64_t>(m.seeds.size()),
                   .origin = "seeds"});
    measure_node(session.problem(), session.spec.minima, out.back());
  }
  return out;
}

// The graph with the minima that seeds reached and nobody asked to join.
Graph graph_of(Results& results) {
  auto out = results.load_graph();
  for (const auto& m : results.load_minima()) {
    const bool node = std::any_of(out.nodes.begin(),
                                  out.nodes.end(),
                                  [&](const Node& n) { return n.id == m.id; });
    if (!node) {
      out.known.push_back({.id = m.id,
                           .endpoint = m.endpoint,
                           .hits = static_cast<int64_t>(m.seeds.size()),
                           .origin = "seeds"});
    }
  }
  return out;
}

void count_components(const Session& session, const Graph& graph, Results& results) {
  int64_t certified = 0;
  for (const auto& m : results.load_minima()) certified += is_certified(m.endpoint);
  const auto count =
      component_count(graph, certified, session.spec.connectivity.barrier);
  if (!count.level.empty()) results.save_component_count(count);
}

}  // namespace

void explore_stage(const Session& session, Results& results) {
  const auto& o = session.spec.explore;
  if (o.method == ExploreOptions::Method::kNone) return;
  auto graph = graph_of(results);
  auto chains = results.load_chains();
  if (graph.nodes.empty()) return;
  const auto problem = session.problem();
  if (chains.empty()) {
    for (int64_t c = 0; c < kTogether; ++c) {
      const auto& start =
          graph.nodes[static_cast<size_t>(c) % graph.nodes.size()].endpoint;
      chains.push_back({.chain = c, .theta = start.theta, .loss = start.loss});
    }
  }
  Progress progress("basin hopping", o.hops, chains.front().hops);
  while (chains.front().hops < o.hops) {
    check_stop();
    std::vector<Endpoint> ends(chains.size());
    parallel_for(kTogether, threads_for(session), [&](int64_t c) {
      const auto at = static_cast<size_t>(c);
      ends[at] = hop(problem,
                     o,
                     session.spec.minima,
                     static_cast<uint64_t>(session.spec.seed),
                     chains[at]);
    });
    std::vector<Node> fresh;
    for (const auto& e : ends) {
      if (is_certified(e) && graph.nodes.size() < kMostNodes)
        add_node(problem, graph, e, "hop", session.spec.minima, fresh);
    }
    results.save_hops(chains, fresh);
    progress.advance(fmt::format("{} minima", graph.nodes.size()));
  }
}

void node_stage(const Session& session, Results& results) {
  const auto& c = session.spec.connectivity;
  const bool explore = session.spec.explore.method != ExploreOptions::Method::kNone;
  if ((c.minima == 0 && !explore) || !results.load_graph().nodes.empty()) return;
  results.set_meta("component_barrier", fmt::format("{}", c.barrier));
  const auto most = c.minima > 0 ? static_cast<size_t>(c.minima) : kMostNodes;
  results.save_nodes(seed_nodes(session, results.load_minima(), most));
}

void connect_stage(const Session& session, Results& results) {
  const auto& o = session.spec.connectivity;
  if (o.minima == 0) return;
  auto graph = graph_of(results);
  if (graph.nodes.size() < 2) {
    fmt::print(stderr,
               "connectivity: needs 2 minima, there {} {}\n",
               graph.nodes.size() == 1 ? "is" : "are",
               graph.nodes.size());
    return;
  }
  const auto problem = session.problem();
  const auto made = [&] { return static_cast<int64_t>(graph.attempts.size()); };
  const auto expected = [&] {
    return std::max(made(), static_cast<int64_t>(graph.nodes.size()) - 1 + o.extra);
  };
  Progress progress("passes", expected(), made());
  // The variants of a pair come at different times; its alignment is made once.
  std::map<std::pair<int64_t, int64_t>, PairAlignment> alignments;
  for (auto pairs = next_pairs(graph, o, kTogether); !pairs.empty();
       pairs = next_pairs(graph, o, kTogether)) {
    check_stop();
    std::vector<Attempt> attempts(pairs.size());
    std::vector<PairAlignment*> aligned;
    for (const auto& p : pairs) aligned.push_back(&alignments[{p.a, p.b}]);
    parallel_for(
        static_cast<int64_t>(pairs.size()), threads_for(session), [&](int64_t i) {
          const auto at = static_cast<size_t>(i);
          const auto& pair = pairs[at];
          if (!aligned[at]->a.defined()) {
            *aligned[at] = align_pair(problem,
                                      session.held_out.get(),
                                      graph,
                                      pair,
                                      o,
                                      static_cast<uint64_t>(session.spec.seed));
          }
          attempts[at] = join(problem, *aligned[at], pair, o, session.spec.minima);
          progress.advance(fmt::format("{} and {}", pair.a, pair.b));
        });
    const auto first = made();
    const auto edge = static_cast<int64_t>(graph.edges.size());
    std::vector<Growth> growth;
    for (auto& t : attempts)
      growth.push_back(absorb(problem, graph, t, o, session.spec.minima));
    results.save_attempts(first, edge, attempts, growth);
    progress.expect(expected());
  }
  count_components(session, graph, results);
}

}  // namespace basin
