#include "connectivity/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

#include "connectivity/merge_tree.h"
#include "core/disjoint_sets.h"
#include "core/error.h"
#include "core/stop.h"
#include "curvature/hessian.h"
#include "curvature/symmetric_eigen.h"
#include "minima/levels.h"
#include "minima/matching.h"

namespace basin {
namespace {

/// How many variants of each pair were tried; -1: there is none left.
class Tried {
 public:
  explicit Tried(const Graph& graph) {
    for (const auto& t : graph.attempts) {
      auto& count = counts_[{t.a, t.b}];
      count = t.aligned && count >= 0 ? count + 1 : -1;
    }
  }
  int64_t of(int64_t a, int64_t b) const {
    const auto at = counts_.find({a, b});
    return at == counts_.end() ? 0 : at->second;
  }

 private:
  std::map<std::pair<int64_t, int64_t>, int64_t> counts_;
};

/// A pair that may be tried next; the least comes first.
using Rank = std::tuple<int64_t, double, int64_t, int64_t>;  // variant, loss, a, b

std::optional<Rank> rank_of(const Tried& tried,
                            const Node& x,
                            const Node& y,
                            const ConnectivityOptions& options) {
  const auto a = std::min(x.id, y.id), b = std::max(x.id, y.id);
  const auto variant = tried.of(a, b);
  if (variant < 0 || variant >= options.variants) return std::nullopt;
  return Rank{variant, std::max(x.endpoint.loss, y.endpoint.loss), a, b};
}

// The best pair whose ends are on different sides.
template <typename Side>
std::optional<Rank> best_across(const Graph& graph,
                                const Tried& tried,
                                const ConnectivityOptions& options,
                                const Side& side) {
  check_stop();
  std::optional<Rank> best;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    for (size_t j = i + 1; j < graph.nodes.size(); ++j) {
      if (!side(i, j)) continue;
      const auto rank = rank_of(tried, graph.nodes[i], graph.nodes[j], options);
      if (rank && (!best || *rank < *best)) best = rank;
    }
  }
  return best;
}

bool chosen(const std::vector<Pair>& pairs, int64_t a, int64_t b) {
  return std::any_of(pairs.begin(), pairs.end(), [&](const Pair& p) {
    return p.a == std::min(a, b) && p.b == std::max(a, b);
  });
}

Pair pair_of(const Rank& r) { return {std::get<2>(r), std::get<3>(r), std::get<0>(r)}; }

// Pairs that would join what nothing joins yet.
std::vector<Pair> pairs_between(const Graph& graph,
                                const ConnectivityOptions& options,
                                const MergeTree& tree,
                                int64_t most) {
  const Tried tried(graph);
  DisjointSets sets(tree.leaves.size());
  for (const auto& j : tree.joins)
    sets.unite(place_of(graph, j.a), place_of(graph, j.b));
  std::vector<Pair> out;
  while (static_cast<int64_t>(out.size()) < most) {
    const auto best = best_across(graph, tried, options, [&](size_t i, size_t j) {
      return sets.root(i) != sets.root(j);
    });
    if (!best) break;
    out.push_back(pair_of(*best));
    sets.unite(place_of(graph, out.back().a), place_of(graph, out.back().b));
  }
  return out;
}

// Pairs that may lower a join, those of the highest joins first.
std::vector<Pair> pairs_across(const Graph& graph,
                               const ConnectivityOptions& options,
                               const MergeTree& tree,
                               int64_t most) {
  const Tried tried(graph);
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
      std::vector<int> side(graph.nodes.size(), 0);  // 1: left, 2: right
      for (const auto id : join->leaves) side[place_of(graph, id)] = 2;
      for (const auto id : left) side[place_of(graph, id)] = 1;
      const auto across = best_across(graph, tried, options, [&](size_t i, size_t j) {
        return side[i] + side[j] == 3 && side[i] * side[j] == 2 &&
               !chosen(out, graph.nodes[i].id, graph.nodes[j].id);
      });
      if (across) out.push_back(pair_of(*across));
    }
    if (out.size() == before) break;
  }
  return out;
}

// Up to the symmetries of the network, as minima are.
bool same_place(const MinimaProblem& problem,
                const MinimaOptions& options,
                Endpoint x,
                Endpoint y) {
  if (!near_loss(x.loss, y.loss, 100 * options.same_loss)) return false;
  x.seed = 0;
  y.seed = 1;
  return identify(problem, {x, y}, options).size() == 1;
}

bool known_edge(const MinimaProblem& problem,
                const MinimaOptions& options,
                const Graph& graph,
                const Edge& e) {
  // Told apart by their parameters: only minima have classes.
  const auto as_point = [](Endpoint saddle) {
    saddle.verdict = Verdict::kStrictMinimum;
    saddle.certificate = Certificate::kHessian;
    return saddle;
  };
  return std::any_of(graph.edges.begin(), graph.edges.end(), [&](const Edge& k) {
    return k.a == e.a && k.b == e.b &&
           same_place(problem, options, as_point(k.saddle), as_point(e.saddle));
  });
}

}  // namespace

size_t place_of(const Graph& graph, int64_t id) {
  const auto at = std::find_if(graph.nodes.begin(),
                               graph.nodes.end(),
                               [&](const Node& n) { return n.id == id; });
  require(at != graph.nodes.end(), "place_of: no such node");
  return static_cast<size_t>(at - graph.nodes.begin());
}

const Node& node_of(const Graph& graph, int64_t id) {
  return graph.nodes[place_of(graph, id)];
}

std::string label_of(const Node& node) {
  return fmt::format(
      "{} {}", is_certified(node.endpoint) ? "minimum" : "place", node.id);
}

std::vector<Pair> next_pairs(const Graph& graph,
                             const ConnectivityOptions& options,
                             int64_t most) {
  const auto tree = merge_tree(graph);
  auto out = pairs_between(graph, options, tree, most);
  if (!out.empty()) return out;
  // Attempts beyond those that a spanning tree needs.
  const auto made = std::count_if(graph.attempts.begin(),
                                  graph.attempts.end(),
                                  [](const Attempt& t) { return t.aligned; });
  const auto used =
      static_cast<int64_t>(made) - (static_cast<int64_t>(graph.nodes.size()) - 1);
  return pairs_across(graph, options, tree, std::min(most, options.extra - used));
}

int64_t find_node(const MinimaProblem& problem,
                  const std::vector<Node>& nodes,
                  const Endpoint& endpoint,
                  const MinimaOptions& options) {
  for (const auto& n : nodes) {
    if (same_place(problem, options, n.endpoint, endpoint)) return n.id;
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
                 const MinimaOptions& options,
                 std::vector<Node>& fresh) {
  const auto there = find_node(problem, graph.nodes, endpoint, options);
  if (there >= 0) return there;
  Node node{.endpoint = endpoint, .origin = origin};
  for (const auto* list : {&graph.nodes, &graph.known})
    for (const auto& n : *list) node.id = std::max(node.id, n.id + 1);
  const auto seen = find_node(problem, graph.known, endpoint, options);
  for (const auto& n : graph.known)
    if (n.id == seen) node = n;
  measure_node(problem, options, node);
  const auto place = std::upper_bound(
      graph.nodes.begin(), graph.nodes.end(), node, [](const Node& x, const Node& y) {
        return x.id < y.id;
      });
  graph.nodes.insert(place, node);
  fresh.push_back(node);
  return node.id;
}

Growth absorb(const MinimaProblem& problem,
              Graph& graph,
              Attempt& attempt,
              const ConnectivityOptions& options,
              const MinimaOptions& minima) {
  Growth out;
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
    const auto before = out.nodes.size();
    const auto left = add_node(problem, graph, c.left, "path", minima, out.nodes);
    const auto right = add_node(problem, graph, c.right, "path", minima, out.nodes);
    found += static_cast<int64_t>(out.nodes.size() - before);
    const Edge edge{
        .a = std::min(left, right),
        .b = std::max(left, right),
        .saddle = c.saddle,
        .eigenvector = c.eigenvector,
        .log10_stabiliser = log10_group_order(problem.layout) -
                            log10_orbit_size(problem.layout, c.saddle.theta),
        .log_product = c.log_product};
    if (known_edge(problem, minima, graph, edge)) continue;
    graph.edges.push_back(edge);
    out.edges.push_back(edge);
  }
  attempt.crossings.clear();
  graph.attempts.push_back(attempt);
  return out;
}

}  // namespace basin
