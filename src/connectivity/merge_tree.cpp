#include "connectivity/merge_tree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <tuple>

#include "core/disjoint_sets.h"

namespace basin {
namespace {

/// An edge or a bound.
struct Link {
  double loss;
  bool proved;
  int64_t a, b;
};

std::vector<Link> links_of(const Graph& graph) {
  std::vector<Link> out;
  for (const auto& e : graph.edges) {
    if (e.a != e.b) out.push_back({e.saddle.loss, true, e.a, e.b});
  }
  for (const auto& t : graph.attempts) {
    if (t.aligned && std::isfinite(t.bound)) out.push_back({t.bound, false, t.a, t.b});
  }
  // A bound that is a saddle's loss to rounding must not come before it.
  const auto key = [](const Link& l) {
    return std::tuple(
        l.loss + (l.proved ? 0.0 : 1e-10 * (1 + std::abs(l.loss))), l.a, l.b);
  };
  std::sort(out.begin(), out.end(), [&](const Link& x, const Link& y) {
    return key(x) < key(y);
  });
  return out;
}

}  // namespace

MergeTree merge_tree(const Graph& graph) {
  MergeTree out;
  for (const auto& n : graph.nodes) out.leaves.push_back(n.id);
  DisjointSets sets(graph.nodes.size());
  std::vector<int64_t> top(graph.nodes.size());  // of a set: the part it is now
  std::iota(top.begin(), top.end(), 0);
  const auto below = [&](int64_t part) -> std::vector<int64_t> {
    const auto count = static_cast<int64_t>(out.leaves.size());
    if (part < count) return {out.leaves[static_cast<size_t>(part)]};
    return out.joins[static_cast<size_t>(part - count)].leaves;
  };
  for (const auto& l : links_of(graph)) {
    const auto x = sets.root(place_of(graph, l.a)), y = sets.root(place_of(graph, l.b));
    if (x == y) continue;
    Join join{.loss = l.loss,
              .proved = l.proved,
              .left = top[x],
              .right = top[y],
              .a = l.a,
              .b = l.b,
              .leaves = below(top[x])};
    const auto more = below(top[y]);
    join.leaves.insert(join.leaves.end(), more.begin(), more.end());
    top[sets.unite(x, y)] = static_cast<int64_t>(out.leaves.size() + out.joins.size());
    out.joins.push_back(std::move(join));
  }
  return out;
}

std::vector<int64_t> components(const Graph& graph, double barrier) {
  const auto loss = [&](size_t i) { return graph.nodes[i].endpoint.loss; };
  // `parts`: what is joined at all so far; lowest[root]: its deepest minimum.
  DisjointSets parts(graph.nodes.size()), sets(graph.nodes.size());
  std::vector<size_t> lowest(graph.nodes.size());
  std::iota(lowest.begin(), lowest.end(), size_t{0});
  for (const auto& l : links_of(graph)) {
    const auto x = parts.root(place_of(graph, l.a)),
               y = parts.root(place_of(graph, l.b));
    if (x == y) continue;
    auto deep = lowest[x], shallow = lowest[y];
    if (std::pair(loss(shallow), shallow) < std::pair(loss(deep), deep))
      std::swap(deep, shallow);
    if (l.loss - loss(shallow) <= barrier) sets.unite(deep, shallow);
    lowest[parts.unite(x, y)] = deep;
  }
  std::vector<size_t> order(graph.nodes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  return sets.numbers(order);
}

Count component_count(const Graph& graph, int64_t certified, double barrier) {
  const auto component = components(graph, barrier);
  std::map<int64_t, int64_t> hits;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& n = graph.nodes[i];
    if (n.hits == 0 || !is_certified(n.endpoint)) continue;
    --certified;
    hits[component[i]] += n.hits;
  }
  if (certified != 0 || hits.empty()) return {};
  std::vector<int64_t> list;
  for (const auto& [id, count] : hits) list.push_back(count);
  auto out = count_classes(list);
  out.level = "component";
  out.set = "certified";
  return out;
}

std::string newick(const MergeTree& tree, const Graph& graph, int digits) {
  const auto count = static_cast<int64_t>(tree.leaves.size());
  const auto height = [&](int64_t part) {
    const auto& j = tree.joins[static_cast<size_t>(part - count)];
    return fmt::format("{:.{}f}{}", j.loss, digits, j.proved ? "" : "?");
  };
  std::function<std::string(int64_t)> text;
  // Joins at one height are one join of many.
  const std::function<void(int64_t, const std::string&, std::vector<std::string>&)>
      gather =
          [&](int64_t part, const std::string& above, std::vector<std::string>& into) {
            if (part < count || height(part) != above) {
              into.push_back(text(part));
              return;
            }
            const auto& j = tree.joins[static_cast<size_t>(part - count)];
            gather(j.left, above, into);
            gather(j.right, above, into);
          };
  text = [&](int64_t part) {
    if (part < count) {
      const auto& n = graph.nodes[static_cast<size_t>(part)];
      return fmt::format("{:.{}f}", n.endpoint.loss, digits);
    }
    std::vector<std::string> parts;
    gather(part, height(part), parts);
    std::sort(parts.begin(), parts.end());
    return fmt::format("({}){}", fmt::join(parts, ","), height(part));
  };
  std::vector<bool> used(static_cast<size_t>(count) + tree.joins.size());
  for (const auto& j : tree.joins)
    used[static_cast<size_t>(j.left)] = used[static_cast<size_t>(j.right)] = true;
  std::vector<std::string> roots;
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i]) roots.push_back(text(static_cast<int64_t>(i)));
  std::sort(roots.begin(), roots.end());
  return fmt::format("{}", fmt::join(roots, " "));
}

}  // namespace basin
