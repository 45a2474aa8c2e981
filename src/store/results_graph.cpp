// How minima are joined, in the database.

#include <ATen/Functions.h>

#include <algorithm>

#include "core/error.h"
#include "core/numbers.h"
#include "store/json_values.h"
#include "store/results.h"

namespace basin {
namespace {

// The endpoints of nodes are stored under the nodes' ids, which are theirs in all but
// the seeds' own.
std::vector<Endpoint> points_of(const std::vector<Node>& nodes) {
  std::vector<Endpoint> out;
  for (const auto& n : nodes) {
    out.push_back(n.endpoint);
    out.back().seed = n.id;
  }
  return out;
}

void write_nodes(Database& database, const std::vector<Node>& nodes) {
  auto row = database.prepare("INSERT OR REPLACE INTO nodes VALUES(?, ?, ?, ?, ?, ?)");
  for (const auto& n : nodes)
    row.bind(n.id)
        .bind(n.hits)
        .bind(n.origin)
        .bind(n.log10_orbit)
        .bind(n.log10_stabiliser)
        .bind(n.log_product)
        .run();
}

}  // namespace

void Results::save_nodes(const std::vector<Node>& nodes) {
  database_.transaction([&] {
    write_nodes(database_, nodes);
    write_ends(kNodeEnds, points_of(nodes));
  });
}

void Results::save_attempts(int64_t first,
                            int64_t edge,
                            const std::vector<Attempt>& attempts,
                            const std::vector<Growth>& growth) {
  database_.transaction([&] {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO attempts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?)");
    for (const auto& t : attempts) {
      row.bind(first++)
          .bind(t.a)
          .bind(t.b)
          .bind(t.variant)
          .bind(int64_t{t.aligned})
          .bind(int64_t{t.exhaustive})
          .bind(t.status)
          .bind(t.force)
          .bind(t.bound)
          .bind(t.searched)
          .bind(t.curve_top)
          .bind(t.curve_note)
          .bind(t.problem)
          .bind(lines_json(t.lines))
          .bind(t.images)
          .bind(t.loss.empty() ? torch::Tensor() : at::tensor(t.loss, torch::kFloat64))
          .run();
    }
    auto edges =
        database_.prepare("INSERT OR REPLACE INTO edges VALUES(?, ?, ?, ?, ?, ?)");
    for (const auto& g : growth) {
      write_nodes(database_, g.nodes);
      write_ends(kNodeEnds, points_of(g.nodes));
      for (const auto& e : g.edges) {
        auto saddle = e.saddle;
        saddle.seed = edge;
        edges.bind(edge++)
            .bind(e.a)
            .bind(e.b)
            .bind(e.log10_stabiliser)
            .bind(e.log_product)
            .bind(e.eigenvector)
            .run();
        write_ends(kSaddles, {saddle});
      }
    }
  });
}

void Results::save_component_count(const Count& c) {
  database_.transaction([&] { write_counts({c}); });
}

void Results::save_hops(const std::vector<HopChain>& chains,
                        const std::vector<Node>& found) {
  database_.transaction([&] {
    auto row =
        database_.prepare("INSERT OR REPLACE INTO hop_chains VALUES(?, ?, ?, ?, ?)");
    for (const auto& c : chains)
      row.bind(c.chain).bind(c.hops).bind(c.accepted).bind(c.loss).bind(c.theta).run();
    write_nodes(database_, found);
    write_ends(kNodeEnds, points_of(found));
  });
}

std::vector<HopChain> Results::load_chains() {
  std::vector<HopChain> out;
  auto row = database_.prepare(
      "SELECT chain, hops, accepted, loss, theta FROM hop_chains ORDER BY chain");
  while (row.step()) {
    out.push_back({.chain = row.integer(0),
                   .hops = row.integer(1),
                   .theta = row.tensor(4),
                   .loss = row.number(3),
                   .accepted = row.integer(2)});
  }
  return out;
}

Graph Results::load_graph() {
  Graph out;
  for (auto& e : load_ends(kNodeEnds)) {
    const auto id = e.seed;
    out.nodes.push_back({.id = id, .endpoint = std::move(e)});
  }
  auto node = database_.prepare(
      "SELECT node, hits, origin, log10_orbit, log10_stabiliser, log_product FROM "
      "nodes "
      "ORDER BY node");
  for (auto& n : out.nodes) {
    if (!node.step() || node.integer(0) != n.id)
      throw StorageError("results.sqlite: a node is missing");
    n.hits = node.integer(1);
    n.origin = node.text(2);
    n.log10_orbit = node.number(3);
    n.log10_stabiliser = node.number(4);
    n.log_product = node.number(5);
  }
  const auto saddles = load_ends(kSaddles);
  auto edge = database_.prepare(
      "SELECT edge, a, b, log10_stabiliser, log_product, eigenvector FROM edges "
      "ORDER BY edge");
  for (const auto& saddle : saddles) {
    if (!edge.step() || edge.integer(0) != saddle.seed)
      throw StorageError("results.sqlite: a saddle is missing");
    out.edges.push_back({.a = edge.integer(1),
                         .b = edge.integer(2),
                         .saddle = saddle,
                         .eigenvector = edge.tensor(5),
                         .log10_stabiliser = edge.number(3),
                         .log_product = edge.number(4)});
  }
  auto row = database_.prepare(
      "SELECT a, b, variant, aligned, exhaustive, status, force, bound, "
      "searched, curve_top, curve_note, problem, lines, images, loss FROM attempts "
      "ORDER BY attempt");
  while (row.step()) {
    out.attempts.push_back({.a = row.integer(0),
                            .b = row.integer(1),
                            .variant = row.integer(2),
                            .aligned = row.integer(3) != 0,
                            .lines = read_lines(row.text(12)),
                            .exhaustive = row.integer(4) != 0,
                            .images = row.tensor(13),
                            .loss = numbers(row.tensor(14)),
                            .status = row.text(5),
                            .force = row.number(6),
                            .bound = row.number(7),
                            .searched = row.integer(8),
                            .curve_top = row.number(9),
                            .curve_note = row.text(10),
                            .problem = row.text(11)});
  }
  return out;
}

}  // namespace basin
