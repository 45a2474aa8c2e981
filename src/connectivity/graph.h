#pragma once

#include <set>
#include <string>
#include <vector>

#include "connectivity/alignment.h"
#include "connectivity/band.h"
#include "connectivity/curve.h"
#include "connectivity/options.h"
#include "connectivity/saddle.h"
#include "minima/identify.h"

namespace basin {

/// A minimum that paths join: one that seeds reached, or one found on the way.
struct Node {
  int64_t id = 0;
  Endpoint endpoint;
  int64_t hits = 0;    ///< seeds that ended there; 0: found otherwise
  std::string origin;  ///< "seeds", "path", "hop", "import"
  double log10_orbit = 0;
  double log10_stabiliser = 0;  ///< elements of the group that leave it where it is
  double log_product =
      Endpoint::kNan;  ///< Σ log λ over the eigenvalues that are not
                       ///< zero; NaN on kinks and above the dense limit
};

/// A proved edge: a saddle of index 1 and the two minima that the flow reaches from it.
struct Edge {
  int64_t a = 0, b = 0;  ///< ids of nodes, a <= b; equal: two copies of one minimum
  Endpoint saddle;
  torch::Tensor eigenvector;  ///< of the negative eigenvalue, `[P]`
  double log10_stabiliser = 0;
  double log_product = Endpoint::kNan;  ///< Σ log |λ|
};

/// A search for a pass between two minima.
struct Attempt {
  int64_t a = 0, b = 0;  ///< ids of nodes, a < b
  int64_t variant = 0;   ///< which alignment: 0 has the lowest straight line
  bool aligned = true;   ///< there is such an alignment
  std::vector<AlignmentCandidate> lines;  ///< of variant 0: all candidates, in both
                                          ///< gauges; of further ones none
  bool exhaustive = false;
  torch::Tensor images;      ///< of the band, `[K, P]`
  std::vector<double> loss;  ///< of the images
  std::string status;        ///< of the band
  double force = 0;
  double bound = 0;      ///< highest point found on the polyline: no pass is higher,
                         ///< where it is exact (see line_barrier)
  int64_t searched = 0;  ///< segments on which it was sought
  double curve_top = Endpoint::kNan;  ///< of the optimised curve; NaN: none
  std::string curve_note;
  std::vector<Crossing> crossings;  ///< proved; `absorb` makes edges of them
  std::string problem;  ///< why there is none, or why some saddle proves nothing
};

/// All that is known of how minima are joined.
struct Graph {
  std::vector<Node> nodes;  ///< by id
  std::vector<Node> known;  ///< minima that seeds reached and nobody asked to join; one
                            ///< that is found on the way becomes a node under its id
  std::vector<Edge> edges;
  std::vector<Attempt> attempts;
};

/// Where node `id` stands in `nodes`; it must be there.
size_t place_of(const Graph& graph, int64_t id);
const Node& node_of(const Graph& graph, int64_t id);

/// "minimum 3", or "place 3" where nothing certifies it as one.
std::string label_of(const Node& node);

/// Two nodes, a < b, and which of their alignments to try.
struct Pair {
  int64_t a = 0, b = 0, variant = 0;
};

/// The next pairs to try, at most `most`; none: it is done. While there are components
/// that nothing joins, proved or bounded: the pairs of lowest losses across them, as if
/// each choice were to succeed. Then, until there were `extra` attempts more than a
/// spanning tree of all nodes has edges: the pair of lowest losses
/// not tried yet across the cut that the highest join of the minimum spanning tree
/// makes, and the next joins' (Draxler et al. 2018); further variants of an alignment
/// come after new pairs.
std::vector<Pair> next_pairs(const Graph& graph,
                             const ConnectivityOptions& options,
                             int64_t most);

/// The id of the node that is the same minimum at level `parameters`; -1: none is.
int64_t find_node(const MinimaProblem& problem,
                  const std::vector<Node>& nodes,
                  const Endpoint& endpoint,
                  const MinimaOptions& options);

/// The alignments of a pair, for all its attempts: the lines to all candidates, of the
/// stored gauge and, if units may be scaled, of the balanced one; and where bands run,
/// from `a` to each of `b`, best first, at most `variants`.
struct PairAlignment {
  std::vector<AlignmentCandidate> lines;
  bool exhaustive = false;
  torch::Tensor a;
  std::vector<torch::Tensor> b;
};
PairAlignment align_pair(const MinimaProblem& problem,
                         const SampledObjective* held_out,
                         const Graph& graph,
                         const Pair& pair,
                         const ConnectivityOptions& options,
                         uint64_t seed);

/// Relaxes a band between an aligned pair, climbs to saddles from every top of it, and
/// follows the gradient down from each. On kinks, and above the dense limit, only a
/// bound is found.
Attempt join(const MinimaProblem& problem,
             const PairAlignment& aligned,
             const Pair& pair,
             const ConnectivityOptions& options,
             const MinimaOptions& minima);

/// What one attempt adds to the graph.
struct Growth {
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

/// The attempt becomes part of the graph: its crossings become edges, unless they are
/// known, between nodes, of which some may be new. Once `max_found` were found on the
/// way, a crossing to a new minimum is left out, and the attempt's `problem` says so.
Growth absorb(const MinimaProblem& problem,
              Graph& graph,
              Attempt& attempt,
              const ConnectivityOptions& options,
              const MinimaOptions& minima);

/// The orbit, the stabiliser and the product of the eigenvalues of a node's point.
void measure_node(const MinimaProblem& problem,
                  const MinimaOptions& options,
                  Node& node);

/// Adds a minimum that is no node yet, to `fresh` too, and returns its id; else that of
/// the node it is.
int64_t add_node(const MinimaProblem& problem,
                 Graph& graph,
                 const Endpoint& endpoint,
                 const std::string& origin,
                 const MinimaOptions& options,
                 std::vector<Node>& fresh);

}  // namespace basin
