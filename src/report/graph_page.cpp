#include "report/graph_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "connectivity/merge_tree.h"
#include "report/html.h"
#include "report/text.h"

namespace basin {
namespace {

constexpr size_t kMostRows = 30;

// The straight lines of an attempt: B as it is, and the lowest of all alignments.
struct Lines {
  const AlignmentCandidate* raw = nullptr;
  const AlignmentCandidate* best = nullptr;
};

Lines lines_of(const Attempt& t) {
  Lines out;
  for (const auto& c : t.lines) {
    if (c.method == "stored, none") out.raw = &c;
    if (out.best == nullptr || c.line.loss.pass < out.best->line.loss.pass)
      out.best = &c;
  }
  return out;
}

std::string share(double x) { return std::isnan(x) ? "–" : show(100 * x, 3) + " %"; }

std::string lines_table(const Graph& graph) {
  std::vector<std::vector<std::string>> rows;
  for (const auto* t : first_attempts(graph)) {
    if (rows.size() == kMostRows) break;
    const auto lines = lines_of(*t);
    if (lines.raw == nullptr) continue;
    const auto top = std::max(node_of(graph, t->a).endpoint.loss,
                              node_of(graph, t->b).endpoint.loss);
    const auto& raw = lines.raw->line;
    const auto& best = lines.best->line;
    rows.push_back(
        {fmt::format("{} – {}", t->a, t->b),
         show(raw.loss.pass, 4),
         show(best.loss.pass, 4),
         show(best.loss.chord, 4),
         show(best.loss.mean, 4),
         show(std::max(0.0, t->bound - top), 4),
         std::isnan(t->curve_top) ? "–" : show(std::max(0.0, t->curve_top - top), 4),
         share(raw.error),
         share(best.error),
         best.exact ? "exact" : "refined",
         t->exhaustive ? "all elements" : escape_html(lines.best->method)});
  }
  if (rows.empty()) return "";
  return "<h3>Barriers</h3>\n<p class=\"soft\">Three definitions: pass = highest loss "
         "less the higher end; chord = highest loss above the straight line between "
         "the "
         "ends' losses; mean = highest loss less the mean of the ends. Raw: as the "
         "seeds "
         "left them; aligned: units permuted (and flipped, and scaled) so that the "
         "line "
         "is lowest. All candidates are in tables/lines.csv. A path is only an upper "
         "bound.</p>\n" +
         html_table({"pair",
                     "pass, raw",
                     "pass, aligned",
                     "chord",
                     "mean",
                     "pass, band",
                     "pass, curve",
                     "error, raw",
                     "error, aligned",
                     "line",
                     "alignment"},
                    rows);
}

std::string joins_table(const Graph& graph, const MergeTree& tree) {
  std::vector<std::vector<std::string>> rows;
  for (auto j = tree.joins.rbegin(); j != tree.joins.rend(); ++j) {
    if (rows.size() == kMostRows) break;
    std::string saddle = "–", eigenvalue = "–", gradient = "–";
    for (size_t e = 0; e < graph.edges.size() && j->proved; ++e) {
      if (graph.edges[e].a != j->a || graph.edges[e].b != j->b ||
          graph.edges[e].saddle.loss != j->loss)
        continue;
      saddle = show(static_cast<int64_t>(e));
      eigenvalue = show(graph.edges[e].saddle.min_eigenvalue, 3);
      gradient = show(graph.edges[e].saddle.gradient_norm, 2);
    }
    rows.push_back({show(j->loss, 8),
                    fmt::format("{} – {}", j->a, j->b),
                    j->proved ? "saddle of index 1" : "upper bound",
                    saddle,
                    eigenvalue,
                    gradient,
                    fmt::format("{}", fmt::join(j->leaves, " "))});
  }
  if (rows.empty()) return "";
  return "<h3>Joins, the highest first</h3>\n" + html_table({"loss",
                                                             "between",
                                                             "known by",
                                                             "saddle",
                                                             "negative eigenvalue",
                                                             "gradient",
                                                             "joins these minima"},
                                                            rows,
                                                            3);
}

std::string nodes_table(const Graph& graph) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& n : graph.nodes) {
    if (n.hits > 0) continue;
    if (rows.size() == kMostRows) break;
    rows.push_back({label_of(n),
                    "found by " + n.origin,
                    show(n.endpoint.loss, 8),
                    name_of(n.endpoint.verdict),
                    show(n.endpoint.min_eigenvalue, 3)});
  }
  if (rows.empty()) return "";
  return "<h3>Minima that no seed reached</h3>\n<p class=\"soft\">They are not part of "
         "the counts above: the statistics of coverage speak of seeds.</p>\n" +
         html_table({"", "how", "loss", "verdict", "least eigenvalue"}, rows, 2);
}

std::string problems_text(const Graph& graph) {
  std::map<std::string, int64_t> problems;
  for (const auto& t : graph.attempts)
    if (!t.problem.empty()) ++problems[t.problem];
  std::string out;
  for (const auto& [text, count] : problems) {
    out +=
        fmt::format("<li>{}: {}</li>\n", plural(count, "attempt"), escape_html(text));
  }
  return out.empty() ? ""
                     : "<details><summary>Why some attempts prove nothing, or not "
                       "all</summary><ul>\n" +
                           out + "</ul></details>\n";
}

// Numbers of leaves and joins for a click.
std::string details_data(const Graph& graph, const MergeTree& tree) {
  std::string out =
      "<div class=\"tree-details soft\" id=\"tree-details\">Click a leaf "
      "or a join for its numbers.</div>\n<div hidden>\n";
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& n = graph.nodes[i];
    out += fmt::format(
        "<p id=\"tree-node-{}\">{}: loss {}; {}; {}; least eigenvalue {}; orbit of "
        "10^{} copies; stabiliser of {}; gradient {}.</p>\n",
        i,
        label_of(n),
        show(n.endpoint.loss, 10),
        name_of(n.endpoint.verdict),
        n.hits > 0 ? plural(n.hits, "seed") : "found by " + n.origin,
        show(n.endpoint.min_eigenvalue, 4),
        show(n.log10_orbit, 4),
        show(std::pow(10, n.log10_stabiliser), 4),
        show(n.endpoint.gradient_norm, 2));
  }
  for (size_t k = 0; k < tree.joins.size(); ++k) {
    const auto& j = tree.joins[k];
    out += fmt::format(
        "<p id=\"tree-join-{}\">Join at loss {}{}: between {} and {}; "
        "below it are {}.</p>\n",
        k,
        j.proved ? "" : "at most ",
        show(j.loss, 10),
        label_of(node_of(graph, j.a)),
        label_of(node_of(graph, j.b)),
        fmt::join(j.leaves, ", "));
  }
  return out + "</div>\n";
}

constexpr const char* kTreeScript = R"(<script>
for (const part of document.querySelectorAll('.tree [data-node], .tree [data-join]')) {
  const id = 'node' in part.dataset ? 'tree-node-' + part.dataset.node : 'tree-join-' + part.dataset.join;
  part.style.cursor = 'pointer';
  part.addEventListener('click', () => {
    document.getElementById('tree-details').textContent = document.getElementById(id).textContent;
  });
}
</script>
)";

}  // namespace

std::vector<const Attempt*> first_attempts(const Graph& graph) {
  std::vector<const Attempt*> out;
  for (const auto& t : graph.attempts)
    if (t.variant == 0 && t.aligned) out.push_back(&t);
  return out;
}

std::vector<std::string> graph_sentences(const RunReport& r) {
  const auto& g = r.graph;
  if (g.nodes.empty()) return {};
  std::vector<std::string> out;
  int64_t certified = 0, seeds = 0, hops = 0, made = 0;
  for (const auto& n : g.nodes) {
    certified += is_certified(n.endpoint);
    seeds += n.hits > 0;
    hops += n.origin == "hop";
  }
  for (const auto& c : r.chains) made += c.hops;
  if (made > 0) {
    out.push_back(
        fmt::format("{} of basin hopping found {} that no seed reached; they "
                    "are counted apart.",
                    plural(made, "hop"),
                    plural(hops, "minimum")));
  }
  if (r.spec.connectivity.minima == 0) return out;
  if (g.nodes.size() < 2) {
    out.push_back("connectivity: needs 2 minima, there is 1; nothing was joined.");
    return out;
  }
  const auto tree = merge_tree(g);
  const auto proved = std::count_if(
      tree.joins.begin(), tree.joins.end(), [](const Join& j) { return j.proved; });
  const auto total = static_cast<int64_t>(g.nodes.size());
  const auto tries = static_cast<int64_t>(
      std::count_if(g.attempts.begin(), g.attempts.end(), [](const Attempt& t) {
        return t.aligned;
      }));
  out.push_back(fmt::format(
      "{} ({} reached by seeds, {} certified) were joined in {}: {}, {} over certified "
      "saddles of index 1 and {} bounded by paths{}.",
      plural(total, certified == total ? "minimum" : "place"),
      show(seeds),
      show(certified),
      plural(tries, "attempt"),
      plural(static_cast<int64_t>(tree.joins.size()), "join"),
      show(static_cast<int64_t>(proved)),
      show(static_cast<int64_t>(tree.joins.size()) - static_cast<int64_t>(proved)),
      tree.complete() ? "" : "; not all are joined"));
  const auto component = components(g, r.spec.connectivity.barrier);
  const auto count =
      component.empty() ? 0 : *std::max_element(component.begin(), component.end()) + 1;
  out.push_back(fmt::format(
      "Of all of these, at level component with barrier {}: {} (a basin no deeper than "
      "this belongs to the "
      "deeper one that it joins; at most, since a lower path may join more).",
      show(r.spec.connectivity.barrier),
      plural(count, "component")));
  return out;
}

std::string graph_section(const RunReport& r) {
  const auto sentences = graph_sentences(r);
  if (sentences.empty()) return "";
  std::string out = "<h2>How the minima are joined</h2>\n";
  for (const auto& s : sentences) out += "<p>" + escape_html(s) + "</p>\n";
  const auto figures = graph_figures(r);
  if (figures.empty()) return out + nodes_table(r.graph);
  const auto tree = merge_tree(r.graph);
  return out + figures_html(figures) + details_data(r.graph, tree) + kTreeScript +
         joins_table(r.graph, tree) + lines_table(r.graph) + nodes_table(r.graph) +
         problems_text(r.graph);
}

}  // namespace basin
