#pragma once

#include <string>
#include <vector>

#include "connectivity/graph.h"
#include "minima/count.h"

namespace basin {

/// Two parts of the landscape that become one at a loss.
struct Join {
  double loss = 0;
  bool proved = false;  ///< by a saddle and the flow from it; else by a path's top
  int64_t left = 0;     ///< a leaf i, or join k as leaves() + k
  int64_t right = 0;
  int64_t a = 0, b = 0;         ///< nodes at the ends of the edge that joins
  std::vector<int64_t> leaves;  ///< ids of all nodes below
};

/// Minima and the losses at which their basins join, as far as it is known: each join
/// is at most this high. Not all need be joined.
struct MergeTree {
  std::vector<int64_t> leaves;  ///< ids of nodes
  std::vector<Join> joins;      ///< by rising loss

  /// One tree over all leaves.
  bool complete() const { return joins.size() + 1 == leaves.size(); }
};

/// From proved edges and bounds, the lower of them first (Kruskal 1956); where both are
/// equal, to rounding, the proved one.
MergeTree merge_tree(const Graph& graph);

/// For each node (in their order) the component it is in. Where two parts join, the
/// shallower one's deepest minimum belongs to the component of the other's if the join
/// is at most `barrier` above it: its basin is no deeper than that. (The elder rule of
/// topological persistence; "at most `barrier` above the higher of two" alone is not
/// transitive: a high, shallow minimum would make one component of two deep ones.)
std::vector<int64_t> components(const Graph& graph, double barrier);

/// Components among the certified minima that seeds reached; its level is empty if not
/// all of the `certified` ones are nodes.
Count component_count(const Graph& graph, int64_t certified, double barrier);

/// "((0.06,0.31)0.32,0.4)0.5": losses of minima and joins to `digits`, each level in
/// the order of the texts, "?" behind a join that is only bounded. Joins at one height
/// are one join of many. To compare trees.
std::string newick(const MergeTree& tree, const Graph& graph, int digits);

}  // namespace basin
