#include "store/graph_tables.h"

#include <fmt/ranges.h>

#include "connectivity/merge_tree.h"
#include "core/file.h"
#include "store/csv.h"

namespace basin {
namespace {

void add_saddle(Csv& csv, int64_t number, const Edge& e) {
  csv.add("saddle", number)
      .add("a", e.a)
      .add("b", e.b)
      .add("loss", e.saddle.loss)
      .add("gradient_norm", e.saddle.gradient_norm)
      .add("index", e.saddle.index)
      .add("eigenvalue", e.saddle.min_eigenvalue)
      .add("nullity", e.saddle.nullity)
      .add("explained", e.saddle.explained)
      .add("log_product", e.log_product)
      .add("log10_stabiliser", e.log10_stabiliser);
}

void add_attempt(Csv& csv, int64_t number, const Attempt& t) {
  csv.add("attempt", number)
      .add("a", t.a)
      .add("b", t.b)
      .add("variant", t.variant)
      .add("aligned", int64_t{t.aligned})
      .add("band", t.status)
      .add("force", t.force)
      .add("images", static_cast<int64_t>(t.loss.size()))
      .add("bound", t.bound)
      .add("segments", t.searched)
      .add("curve_top", t.curve_top)
      .add("curve", csv_text(t.curve_note))
      .add("problem", csv_text(t.problem));
}

/// A straight line of a pair.
struct Line {
  int64_t a = 0, b = 0;
  AlignmentCandidate candidate;
};

std::vector<Line> lines_of(const Graph& graph) {
  std::vector<Line> out;
  for (const auto& t : graph.attempts) {
    for (const auto& c : t.lines) out.push_back({t.a, t.b, c});
  }
  return out;
}

void add_line(Csv& csv, int64_t, const Line& line) {
  const auto& l = line.candidate.line;
  csv.add("a", line.a)
      .add("b", line.b)
      .add("alignment", csv_text(line.candidate.method))
      .add("distance", line.candidate.distance)
      .add("chord", l.loss.chord)
      .add("mean", l.loss.mean)
      .add("pass", l.loss.pass)
      .add("top", l.loss.top)
      .add("at", l.loss.at)
      .add("exact", int64_t{l.exact})
      .add("points", l.points)
      .add("error", l.error)
      .add("end_error", l.end_error)
      .add("held_out_pass", l.held_out)
      .add("held_out_error", l.held_out_error);
}

void add_join(Csv& csv, int64_t number, const Join& j) {
  csv.add("join", number)
      .add("loss", j.loss)
      .add("proved", int64_t{j.proved})
      .add("a", j.a)
      .add("b", j.b)
      .add("leaves", fmt::format("{}", fmt::join(j.leaves, " ")));
}

}  // namespace

void write_graph_tables(const Graph& graph,
                        double barrier,
                        const std::filesystem::path& folder) {
  if (graph.nodes.empty()) return;
  const auto component = components(graph, barrier);
  const auto add_node = [&](Csv& csv, int64_t number, const Node& n) {
    csv.add("node", n.id)
        .add("loss", n.endpoint.loss)
        .add("hits", n.hits)
        .add("origin", n.origin)
        .add("verdict", name_of(n.endpoint.verdict))
        .add("certified", int64_t{is_certified(n.endpoint)})
        .add("log10_orbit", n.log10_orbit)
        .add("log10_stabiliser", n.log10_stabiliser)
        .add("log_product", n.log_product)
        .add("component", component[static_cast<size_t>(number)]);
  };
  write_file(folder / "nodes.csv", table_of(graph.nodes, add_node));
  write_file(folder / "saddles.csv", table_of(graph.edges, add_saddle));
  write_file(folder / "attempts.csv", table_of(graph.attempts, add_attempt));
  write_file(folder / "lines.csv", table_of(lines_of(graph), add_line));
  write_file(folder / "joins.csv", table_of(merge_tree(graph).joins, add_join));
}

}  // namespace basin
