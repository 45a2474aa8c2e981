// Minima and saddles in the formats of the programs that study energy landscapes.

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "core/error.h"
#include "core/file.h"
#include "core/numbers.h"
#include "store/export.h"
#include "store/run_folder.h"

namespace basin {
namespace {

constexpr double kLargestOrder = 2e9;

constexpr const char* kPeleTables = R"(
CREATE TABLE tbl_minima(_id INTEGER NOT NULL PRIMARY KEY, energy FLOAT, coords BLOB,
  fvib FLOAT, pgorder INTEGER, invalid INTEGER, user_data BLOB);
CREATE TABLE tbl_transition_states(_id INTEGER NOT NULL PRIMARY KEY, energy FLOAT,
  coords BLOB, _minimum1_id INTEGER REFERENCES tbl_minima(_id),
  _minimum2_id INTEGER REFERENCES tbl_minima(_id), eigenval FLOAT, eigenvec BLOB,
  fvib FLOAT, pgorder INTEGER, invalid INTEGER, user_data BLOB);
CREATE TABLE tbl_system_property(_id INTEGER NOT NULL PRIMARY KEY, property_name VARCHAR,
  int_value INTEGER, float_value FLOAT, string_value VARCHAR, pickle_value BLOB);
CREATE INDEX idx_transition_states ON tbl_transition_states(_minimum1_id, _minimum2_id);
CREATE INDEX idx_minimum_energy ON tbl_minima(energy);
)";

// What Python's pickle reads as numpy.array([...]): protocol 2, which Python 2 knows
// too.
std::string pickled(const torch::Tensor& x) {
  std::string out(
      "\x80\x02"
      "cnumpy\narray\n](");
  for (const double v : numbers(x)) {
    const auto bits = std::bit_cast<uint64_t>(v);
    out += 'G';
    for (int shift = 56; shift >= 0; shift -= 8)
      out += static_cast<char>((bits >> shift) & 255);
  }
  out += "e\x85R.";
  return out;
}

Graph graph_of(Results& results, const std::filesystem::path& to) {
  auto out = results.load_graph();
  if (out.nodes.empty()) {
    throw InputError(fmt::format(
        "{}: expected a run with minima and the saddles between them, came one without "
        "a section connectivity; `--to csv` has its minima",
        to.string()));
  }
  return out;
}

int64_t order_of(double log10) {
  return std::llround(std::min(kLargestOrder, std::pow(10.0, log10)));
}

std::string coordinates(const torch::Tensor& theta) {
  std::string out;
  for (const double v : numbers(theta))
    out += fmt::format("{}{:.17g}", out.empty() ? "" : " ", v);
  return out + "\n";
}

void append_bytes(const torch::Tensor& theta, std::string& out) {
  for (const double v : numbers(theta))
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

double or_zero(double x) { return std::isnan(x) ? 0 : x; }

void write_pele(Database& out, const Graph& graph, const std::string& revision) {
  out.execute(kPeleTables);
  auto row = out.prepare("INSERT INTO tbl_minima VALUES(?, ?, ?, ?, ?, ?, NULL)");
  for (const auto& n : graph.nodes) {
    row.bind(n.id + 1)
        .bind(n.endpoint.loss)
        .bind_bytes(pickled(n.endpoint.theta))
        .bind(n.log_product)
        .bind(order_of(n.log10_stabiliser))
        .bind(int64_t{!is_certified(n.endpoint)})
        .run();
  }
  auto edge = out.prepare(
      "INSERT INTO tbl_transition_states VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL)");
  int64_t id = 0;
  for (const auto& e : graph.edges) {
    if (e.a == e.b) continue;  // pele wants two minima
    edge.bind(++id)
        .bind(e.saddle.loss)
        .bind_bytes(pickled(e.saddle.theta))
        .bind(e.a + 1)
        .bind(e.b + 1)
        .bind(e.saddle.min_eigenvalue)
        .bind_bytes(pickled(e.eigenvector))
        .bind(e.log_product)
        .bind(order_of(e.log10_stabiliser))
        .run();
  }
  out.prepare(
         "INSERT INTO tbl_system_property VALUES(1, 'program', NULL, NULL, ?, NULL)")
      .bind("basin " + revision)
      .run();
}

}  // namespace

void export_pele(Results& results, const std::filesystem::path& file) {
  const auto graph = graph_of(results, file);
  const auto part = file.string() + ".part";
  std::filesystem::remove(part);
  {
    Database out(part, Database::Mode::kWrite);
    out.execute("PRAGMA user_version = 2");
    out.transaction([&] { write_pele(out, graph, results.meta("revision")); });
  }
  std::filesystem::rename(part, file);
}

void export_pathsample(Results& results, const std::filesystem::path& folder) {
  const auto graph = graph_of(results, folder);
  make_folder(folder);
  std::string minima, saddles, min_points, ts_points;
  for (const auto& n : graph.nodes) {
    minima += fmt::format("{:.12f} {:.12f} {} 1.0 1.0 1.0\n",
                          n.endpoint.loss,
                          or_zero(n.log_product),
                          order_of(n.log10_stabiliser));
    append_bytes(n.endpoint.theta, min_points);
  }
  for (const auto& e : graph.edges) {
    saddles += fmt::format("{:.12f} {:.12f} {} {} {} 1.0 1.0 1.0\n",
                           e.saddle.loss,
                           or_zero(e.log_product),
                           order_of(e.log10_stabiliser),
                           e.a + 1,
                           e.b + 1);
    append_bytes(e.saddle.theta, ts_points);
  }
  write_file(folder / "min.data", minima);
  write_file(folder / "ts.data", saddles);
  write_file(folder / "points.min", min_points);
  write_file(folder / "points.ts", ts_points);
}

void export_topsearch(Results& results, const std::filesystem::path& folder) {
  const auto graph = graph_of(results, folder);
  make_folder(folder);
  std::string minima, min_points, saddles, ts_points, pairs;
  for (const auto& n : graph.nodes) {
    minima += fmt::format("{} {:.17g}\n", n.id, n.endpoint.loss);
    min_points += coordinates(n.endpoint.theta);
  }
  for (const auto& e : graph.edges) {
    if (e.a == e.b) continue;
    saddles += fmt::format("{} {} {:.17g}\n", e.a, e.b, e.saddle.loss);
    ts_points += coordinates(e.saddle.theta);
  }
  for (const auto& t : graph.attempts) pairs += fmt::format("{} {}\n", t.a, t.b);
  write_file(folder / "min.data", minima);
  write_file(folder / "min.coords", min_points);
  write_file(folder / "ts.data", saddles);
  write_file(folder / "ts.coords", ts_points);
  write_file(folder / "pairlist", pairs);
}

}  // namespace basin
