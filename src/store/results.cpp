#include "store/results.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <charconv>

#include "core/error.h"
#include "store/run_folder.h"

namespace basin {
namespace {

// Of endpoints that seeds, nodes or saddles are; `seed` is the number of any.
constexpr const char* kEndpointColumns = R"(
  seed INTEGER PRIMARY KEY, verdict TEXT, verdict_code INTEGER, certificate INTEGER,
  reason TEXT, loss REAL, gradient_norm REAL, noise REAL, min_eigenvalue REAL,
  max_eigenvalue REAL, residual REAL, newton_step REAL, nullity INTEGER,
  explained INTEGER, sources TEXT, cut_below REAL, cut_above REAL, eigenvalues BLOB,
  saddle_index INTEGER, witness BLOB, witness_fall REAL, growth_fall REAL, norm REAL,
  kink_distance REAL, radius REAL, kinks INTEGER, kink_margin REAL, kink_force REAL,
  zeroed INTEGER, silence REAL, units TEXT, polish_steps INTEGER, trained_loss REAL,
  theta BLOB)";

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS training(
  seed INTEGER PRIMARY KEY, loss REAL, gradient_norm REAL, steps INTEGER, stop INTEGER,
  theta BLOB, curve BLOB, trajectory BLOB);
CREATE TABLE IF NOT EXISTS minima(
  minimum INTEGER PRIMARY KEY, seed INTEGER, log10_orbit REAL, symmetry_class INTEGER,
  everywhere_class INTEGER, function_class INTEGER,
  connected_class INTEGER, loss_class INTEGER,
  proved_distinct INTEGER, margin REAL, accuracy REAL, held_out_loss REAL,
  held_out_accuracy REAL);
CREATE TABLE IF NOT EXISTS members(seed INTEGER PRIMARY KEY, minimum INTEGER);
CREATE TABLE IF NOT EXISTS counts(
  level TEXT, kind TEXT, count INTEGER, seeds INTEGER, at_least REAL,
  coverage REAL, coverage_low REAL, more_low REAL, more_high REAL,
  PRIMARY KEY(kind, level));
CREATE TABLE IF NOT EXISTS spectra(
  minimum INTEGER PRIMARY KEY, complete INTEGER, residual REAL, eigenvalues BLOB);
CREATE TABLE IF NOT EXISTS slices(
  slice TEXT PRIMARY KEY, series TEXT, kind INTEGER, recipe TEXT, problem TEXT,
  done INTEGER, x_label TEXT, y_label TEXT, marks TEXT, extrema TEXT, origin BLOB,
  u BLOB, v BLOB, x BLOB, y BLOB);
CREATE TABLE IF NOT EXISTS slice_tiles(
  slice TEXT, first INTEGER, loss BLOB, plain_loss BLOB, accuracy BLOB,
  held_out_loss BLOB, held_out_accuracy BLOB, quadratic BLOB, PRIMARY KEY(slice, first));
CREATE TABLE IF NOT EXISTS slice_map(
  slice TEXT, row INTEGER, least BLOB, largest BLOB, PRIMARY KEY(slice, row));
CREATE TABLE IF NOT EXISTS curvature(point TEXT PRIMARY KEY, gauges TEXT);
CREATE TABLE IF NOT EXISTS nodes(
  node INTEGER PRIMARY KEY, hits INTEGER, origin TEXT, log10_orbit REAL,
  log10_stabiliser REAL, log_product REAL);
CREATE TABLE IF NOT EXISTS edges(
  edge INTEGER PRIMARY KEY, a INTEGER, b INTEGER, log10_stabiliser REAL,
  log_product REAL, eigenvector BLOB);
CREATE TABLE IF NOT EXISTS attempts(
  attempt INTEGER PRIMARY KEY, a INTEGER, b INTEGER, variant INTEGER, aligned INTEGER,
  exhaustive INTEGER, status TEXT, force REAL, bound REAL,
  searched INTEGER, curve_top REAL, curve_note TEXT, problem TEXT, lines TEXT,
  images BLOB, loss BLOB);
CREATE TABLE IF NOT EXISTS convexity(
  id INTEGER PRIMARY KEY, verdict INTEGER, how TEXT, t REAL, excess_left REAL,
  excess_right REAL, error REAL, chords REAL, drawn INTEGER,
  hessians REAL, hessians_made INTEGER, a BLOB, b BLOB,
  dual_minimum INTEGER, dual_ratio REAL, dual_exact INTEGER, dual_lower REAL,
  dual_direction BLOB);
CREATE TABLE IF NOT EXISTS boxes(
  minimum INTEGER PRIMARY KEY, radius REAL, curvature REAL, gradient REAL, margin REAL,
  problem TEXT);
CREATE TABLE IF NOT EXISTS hop_chains(
  chain INTEGER PRIMARY KEY, hops INTEGER, accepted INTEGER, loss REAL, theta BLOB);
)";

std::set<int64_t> column_of(Database& database, const std::string& sql) {
  std::set<int64_t> out;
  auto rows = database.prepare(sql);
  while (rows.step()) out.insert(rows.integer(0));
  return out;
}

}  // namespace

Results::Results(const std::filesystem::path& folder, Database::Mode mode)
    : database_(folder / kDatabaseFile, mode) {
  if (mode == Database::Mode::kWrite) {
    database_.execute("PRAGMA synchronous = NORMAL");
    database_.transaction([&] {
      database_.execute(kTables);
      for (const char* table : {kSeedEnds, kNodeEnds, kSaddles}) {
        database_.execute(
            fmt::format("CREATE TABLE IF NOT EXISTS {}({})", table, kEndpointColumns));
      }
    });
  }
}

std::set<int64_t> Results::trained_seeds() {
  return column_of(database_, "SELECT seed FROM training");
}

std::set<int64_t> Results::judged_seeds() {
  return column_of(database_, "SELECT seed FROM endpoints");
}

std::set<int64_t> Results::spectra_done() {
  return column_of(database_, "SELECT minimum FROM spectra");
}

int64_t Results::identified_seeds() {
  const auto text = meta("identified_seeds");
  if (text.empty()) return 0;
  int64_t seeds = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seeds);
  if (read.ec != std::errc() || read.ptr != end || seeds < 0) {
    throw StorageError("results.sqlite: identified_seeds is no number of seeds");
  }
  return seeds;
}

std::string Results::meta(const std::string& key) {
  auto row = database_.prepare("SELECT value FROM meta WHERE key = ?");
  return row.bind(key).step() ? row.text(0) : "";
}

void Results::set_meta(const std::string& key, const std::string& value) {
  database_.prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)")
      .bind(key)
      .bind(value)
      .run();
}

void Results::save_training(const TrainedSeeds& seeds) {
  database_.transaction([&] {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO training VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    for (int64_t i = 0; i < seeds.theta.size(0); ++i) {
      const auto k = static_cast<size_t>(i);
      row.bind(seeds.first + i)
          .bind(seeds.loss[i].item<double>())
          .bind(seeds.gradient_norm[i].item<double>())
          .bind(seeds.steps[k])
          .bind(static_cast<int64_t>(seeds.stop[k]))
          .bind(seeds.theta[i])
          .bind(seeds.curve[i])
          .bind(seeds.trajectory.defined() ? seeds.trajectory[i] : torch::Tensor())
          .run();
    }
  });
}

void Results::save_endpoints(const std::vector<Endpoint>& endpoints) {
  database_.transaction([&] { write_ends(kSeedEnds, endpoints); });
}

void Results::write_ends(const char* table, const std::vector<Endpoint>& endpoints) {
  auto row = database_.prepare(
      std::string("INSERT OR REPLACE INTO ") + table +
      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& e : endpoints) {
    row.bind(e.seed)
        .bind(name_of(e.verdict))
        .bind(static_cast<int64_t>(e.verdict))
        .bind(static_cast<int64_t>(e.certificate))
        .bind(e.reason)
        .bind(e.loss)
        .bind(e.gradient_norm)
        .bind(e.noise)
        .bind(e.min_eigenvalue)
        .bind(e.max_eigenvalue)
        .bind(e.residual)
        .bind(e.newton_step)
        .bind(e.nullity)
        .bind(e.explained)
        .bind(e.sources)
        .bind(e.cut_below)
        .bind(e.cut_above)
        .bind(e.eigenvalues)
        .bind(e.index)
        .bind(e.witness)
        .bind(e.witness_fall)
        .bind(e.growth_fall)
        .bind(e.norm)
        .bind(e.kink_distance)
        .bind(e.radius)
        .bind(e.kinks)
        .bind(e.kink_margin)
        .bind(e.kink_force)
        .bind(e.zeroed)
        .bind(e.silence)
        .bind(e.units)
        .bind(e.polish_steps)
        .bind(e.trained_loss)
        .bind(e.theta)
        .run();
  }
}

void Results::save_minima(const std::vector<Minimum>& minima,
                          const std::vector<Count>& counts,
                          int64_t seeds) {
  database_.transaction([&] {
    // Fewer seeds were looked at before: what was made from them goes.
    for (const char* table : {"minima",
                              "members",
                              "counts",
                              "spectra",
                              "slices",
                              "slice_tiles",
                              "slice_map",
                              "curvature",
                              "nodes",
                              "edges",
                              "attempts",
                              "hop_chains",
                              "convexity",
                              "boxes",
                              kNodeEnds,
                              kSaddles}) {
      database_.execute(std::string("DELETE FROM ") + table);
    }
    set_meta("identified_seeds", std::to_string(seeds));
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO minima VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto member = database_.prepare("INSERT OR REPLACE INTO members VALUES(?, ?)");
    for (const auto& m : minima) {
      row.bind(m.id)
          .bind(m.endpoint.seed)
          .bind(m.log10_orbit)
          .bind(m.symmetry_class)
          .bind(m.everywhere_class)
          .bind(m.function_class)
          .bind(m.connected_class)
          .bind(m.loss_class)
          .bind(static_cast<int64_t>(m.proved_distinct))
          .bind(m.margin)
          .bind(m.accuracy)
          .bind(m.held_out_loss)
          .bind(m.held_out_accuracy)
          .run();
      for (const auto seed : m.seeds) member.bind(seed).bind(m.id).run();
    }
    write_counts(counts);
  });
}

void Results::write_counts(const std::vector<Count>& counts) {
  auto count = database_.prepare(
      "INSERT OR REPLACE INTO counts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const auto& c : counts) {
    count.bind(c.level)
        .bind(c.set)
        .bind(c.count)
        .bind(c.seeds)
        .bind(c.at_least)
        .bind(c.coverage)
        .bind(c.least_coverage)
        .bind(c.more.low)
        .bind(c.more.high)
        .run();
  }
}

void Results::save_spectrum(const StoredSpectrum& s) {
  database_.transaction([&] {
    database_.prepare("INSERT OR REPLACE INTO spectra VALUES(?, ?, ?, ?)")
        .bind(s.minimum)
        .bind(static_cast<int64_t>(s.complete))
        .bind(s.residual)
        .bind(s.values)
        .run();
  });
}

void require_revision(const std::filesystem::path& folder,
                      const std::string& revision) {
  std::error_code error;
  if (!std::filesystem::exists(folder / kDatabaseFile, error)) return;
  std::string made_by;
  Database database(folder / kDatabaseFile, Database::Mode::kRead);
  const auto exists = [&](const char* table) {
    auto row = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?");
    return row.bind(std::string(table)).step();
  };
  // A process that was killed at the very beginning left nothing to mix with.
  if (!exists("training")) return;
  if (exists("meta")) {
    auto row = database.prepare("SELECT value FROM meta WHERE key = 'revision'");
    if (row.step()) made_by = row.text(0);
  }
  const bool empty = column_of(database, "SELECT seed FROM training LIMIT 1").empty();
  if (made_by == revision || (made_by.empty() && empty)) return;
  throw InputError(fmt::format(
      "{}: expected results of this program, basin {}, came those of {}; nothing was "
      "changed. Remove the folder, or use --out, to run again",
      folder.string(),
      revision,
      made_by.empty() ? "an earlier revision" : "basin " + made_by));
}

}  // namespace basin
