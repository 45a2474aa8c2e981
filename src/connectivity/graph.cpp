#include "connectivity/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "connectivity/disjoint_sets.h"
#include "connectivity/merge_tree.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "minima/levels.h"
#include "minima/matching.h"

namespace basin {
namespace {

// How many variants of a pair were tried; -1: there is none left.
int64_t tried(const Graph& graph, int64_t a, int64_t b) {
  int64_t out = 0;
  for (const auto& t : graph.attempts) {
    if (t.a != a || t.b != b) continue;
    if (!t.aligned) return -1;
    ++out;
  }
  return out;
}

/// A pair that may be tried next; the least comes first.
using Rank = std::tuple<int64_t, double, int64_t, int64_t>;  // variant, loss, a, b

std::optional<Rank> rank_of(const Graph& graph,
                            const Node& x,
                            const Node& y,
                            const ConnectivityOptions& options) {
  const auto a = std::min(x.id, y.id), b = std::max(x.id, y.id);
  const auto variant = tried(graph, a, b);
  if (variant < 0 || variant >= options.variants) return std::nullopt;
  return Rank{variant, std::max(x.endpoint.loss, y.endpoint.loss), a, b};
}

// The best pair whose ends are on different sides.
template <typename Side>
std::optional<Rank> best_across(const Graph& graph,
                                const ConnectivityOptions& options,
                                const Side& side) {
  std::optional<Rank> best;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (size_t j = i + 1; j < graph.nodes.size(); ++j) {
      if (!side(i, j)) continue;
      const auto rank = rank_of(graph, graph.nodes[i], graph.nodes[j], options);
      if (rank && (!best || *rank < *best)) best = rank;
    }
  }
  return best;
}

bool holds(const std::vector<int64_t>& ids, int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool chosen(const std::vector<Pair>& pairs, int64_t a, int64_t b) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) {
    return p.a == std::min(a, b) && p.b == std::max(a, b);
  });
}

Pair pair_of(const Rank& r) { return {std::get<2>(r), std::get<3>(r), std::get<0>(r)}; }

size_t place_of(const MergeTree& tree, int64_t id) {
  return static_cast<size_t>(std::find(tree.leaves.begin(), tree.leaves.end(), id) -
                             tree.leaves.begin());
}

// Pairs that would join what nothing joins yet.
std::vector<Pair> pairs_between(const Graph& graph,
                                const ConnectivityOptions& options,
                                const MergeTree& tree,
                                int64_t most) {
  DisjointSets sets(tree.leaves.size());
  for (const auto& j : tree.joins) sets.unite(place_of(tree, j.a), place_of(tree, j.b));
  std::vector<Pair> out;
  while (static_cast<int64_t>(out.size()) < most) {
    const auto best = best_across(graph, options, [&](size_t i, size_t j) {
      return sets.root(i) != sets.root(j);
    });
    if (!best) break;
    out.push_back(pair_of(*best));
    sets.unite(place_of(tree, out.back().a), place_of(tree, out.back().b));
  }
  return out;
}

// Pairs that may lower a join, those of the highest joins first.
std::vector<Pair> pairs_across(const Graph& graph,
                               const ConnectivityOptions& options,
                               const MergeTree& tree,
                               int64_t most) {
  const auto count = static_cast<int64_t>(tree.leaves.size());
  std::vector<Pair> out;
  for (size_t before = 1; before != out.size() || out.empty();) {
    before = out.size();
    for (auto join = tree.joins.rbegin(); join != tree.joins.rend(); ++join) {
      if (static_cast<int64_t>(out.size()) >= most) return out;
      const auto left =
          join->left < count
              ? std::vector<int64_t>{tree.leaves[static_cast<size_t>(join->left)]}
              : tree.joins[static_cast<size_t>(join->left - count)].leaves;
      const auto across = best_across(graph, options, [&](size_t i, size_t j) {
        const auto a = graph.nodes[i].id, b = graph.nodes[j].id;
        return holds(join->leaves, a) && holds(join->leaves, b) &&
               holds(left, a) != holds(left, b) && !chosen(out, a, b);
      });
      if (across) out.push_back(pair_of(*across));
    }
    if (out.size() == before) break;
  }
  return out;
}

bool known_edge(const Graph& graph, const Edge& e) {
  return std::any_of(graph.edges.begin(), graph.edges.end(), [&](const Edge& k) {
    return k.a == e.a && k.b == e.b && near_loss(k.saddle.loss, e.saddle.loss, 1e-9);
  });
}

}  // namespace

std::vector<Pair> next_pairs(const Graph& graph,
                             const ConnectivityOptions& options,
                             int64_t most) {
  const auto tree = merge_tree(graph);
  auto out = pairs_between(graph, options, tree, most);
  if (!out.empty()) return out;
  // Attempts beyond those that a spanning tree needs.
  const auto used = static_cast<int64_t>(graph.attempts.size()) -
                    (static_cast<int64_t>(graph.nodes.size()) - 1);
  return pairs_across(graph, options, tree, std::min(most, options.extra - used));
}

int64_t find_node(const MinimaProblem& problem,
                  const std::vector<Node>& nodes,
                  const Endpoint& endpoint,
                  const MinimaOptions& options) {
  for (const auto& n : nodes) {
    if (!near_loss(n.endpoint.loss, endpoint.loss, 100 * options.same_loss)) continue;
    auto x = n.endpoint, y = endpoint;
    x.seed = 0;
    y.seed = 1;
    if (identify(problem, {x, y}, options).size() == 1) return n.id;
  }
  return -1;
}

void measure_node(const MinimaProblem& problem,
                  const MinimaOptions& options,
                  Node& node) {
  const auto& e = node.endpoint;
  node.log10_orbit = log10_orbit_size(problem.layout, e.theta);
  node.log10_stabiliser = log10_group_order(problem.layout) - node.log10_orbit;
  if (e.kinks > 0 || e.zeroed > 0 || e.theta.size(0) > options.dense_limit) return;
  node.log_product =
      log_product_of(symmetric_eigenvalues(dense_hessian(problem.objective, e.theta)),
                     options.zero_tolerance);
}

int64_t add_node(const MinimaProblem& problem,
                 Graph& graph,
                 const Endpoint& endpoint,
                 const std::string& origin,
                 const MinimaOptions& options) {
  const auto known = find_node(problem, graph.nodes, endpoint, options);
  if (known >= 0) return known;
  int64_t id = 0;
  for (const auto& n : graph.nodes) id = std::max(id, n.id + 1);
  Node node{.id = id, .endpoint = endpoint, .origin = origin};
  measure_node(problem, options, node);
  graph.nodes.push_back(std::move(node));
  return id;
}

Growth absorb(const MinimaProblem& problem,
              Graph& graph,
              Attempt& attempt,
              const ConnectivityOptions& options,
              const MinimaOptions& minima) {
  const auto nodes = graph.nodes.size(), edges = graph.edges.size();
  auto found = std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const Node& n) {
    return n.origin == "path";
  });
  for (const auto& c : attempt.crossings) {
    const bool full = found >= options.max_found &&
                      (find_node(problem, graph.nodes, c.left, minima) < 0 ||
                       find_node(problem, graph.nodes, c.right, minima) < 0);
    if (full) {
      attempt.problem =
          "a saddle to a new minimum was left out: connectivity.max_found";
      continue;
    }
    const auto before = graph.nodes.size();
    const auto left = add_node(problem, graph, c.left, "path", minima);
    const auto right = add_node(problem, graph, c.right, "path", minima);
    found += static_cast<int64_t>(graph.nodes.size() - before);
    const Edge edge{
        .a = std::min(left, right),
        .b = std::max(left, right),
        .saddle = c.saddle,
        .eigenvector = c.eigenvector,
        .log10_stabiliser = log10_group_order(problem.layout) -
                            log10_orbit_size(problem.layout, c.saddle.theta),
        .log_product = c.log_product};
    if (!known_edge(graph, edge)) graph.edges.push_back(edge);
  }
  attempt.crossings.clear();
  graph.attempts.push_back(attempt);
  return {{graph.nodes.begin() + static_cast<ptrdiff_t>(nodes), graph.nodes.end()},
          {graph.edges.begin() + static_cast<ptrdiff_t>(edges), graph.edges.end()}};
}

}  // namespace basin
