#include "store/results.h"

#include <ATen/Functions.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "store/run_folder.h"

namespace basin {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS training(
  seed INTEGER PRIMARY KEY, loss REAL, gradient_norm REAL, steps INTEGER, stop INTEGER,
  theta BLOB, curve BLOB, trajectory BLOB);
CREATE TABLE IF NOT EXISTS endpoints(
  seed INTEGER PRIMARY KEY, verdict TEXT, verdict_code INTEGER, reason TEXT, loss REAL,
  gradient_norm REAL, min_eigenvalue REAL, max_eigenvalue REAL, residual REAL, newton_step REAL,
  nullity INTEGER, explained INTEGER, saddle_index INTEGER, norm REAL,
  kink_distance REAL, kinks INTEGER, polish_steps INTEGER, trained_loss REAL,
  theta BLOB);
CREATE TABLE IF NOT EXISTS minima(
  minimum INTEGER PRIMARY KEY, seed INTEGER, log10_orbit REAL, function_class INTEGER,
  loss_class INTEGER, proved_distinct INTEGER, accuracy REAL, held_out_loss REAL,
  held_out_accuracy REAL);
CREATE TABLE IF NOT EXISTS members(seed INTEGER PRIMARY KEY, minimum INTEGER);
CREATE TABLE IF NOT EXISTS counts(
  level TEXT, kind TEXT, count INTEGER, seeds INTEGER, chao1 REAL, low REAL, high REAL,
  coverage REAL, PRIMARY KEY(kind, level));
CREATE TABLE IF NOT EXISTS spectra(
  minimum INTEGER PRIMARY KEY, complete INTEGER, residual REAL, eigenvalues BLOB);
CREATE TABLE IF NOT EXISTS slices(
  slice TEXT PRIMARY KEY, kind INTEGER, recipe TEXT, problem TEXT, marks TEXT,
  origin BLOB, u BLOB, v BLOB, x BLOB, y BLOB, loss BLOB, accuracy BLOB);
)";

std::string marks_text(const std::vector<SliceMark>& marks) {
  auto out = nlohmann::json::array();
  for (const auto& m : marks) out.push_back({m.label, m.x, m.y});
  return out.dump();
}

std::vector<SliceMark> marks_from(const std::string& text) {
  std::vector<SliceMark> out;
  try {
    for (const auto& m : nlohmann::json::parse(text)) {
      out.push_back(
          {m.at(0).get<std::string>(), m.at(1).get<double>(), m.at(2).get<double>()});
    }
  } catch (const nlohmann::json::exception&) {
    throw StorageError("results.sqlite: the marks of a slice are damaged");
  }
  return out;
}

// A number from the file as one of the `count` values of an enumeration.
template <typename E>
E enumerator(int64_t code, int64_t count) {
  if (code < 0 || code >= count) throw StorageError("results.sqlite: an unknown code");
  return static_cast<E>(code);
}

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
    database_.transaction([&] { database_.execute(kTables); });
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

bool Results::has_minima() {
  return !column_of(database_, "SELECT 1 FROM counts LIMIT 1").empty();
}

bool Results::has_slice(const std::string& name) {
  auto row = database_.prepare("SELECT 1 FROM slices WHERE slice = ?");
  return row.bind(name).step();
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
  database_.transaction([&] {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO endpoints VALUES"
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& e : endpoints) {
      row.bind(e.seed)
          .bind(name_of(e.verdict))
          .bind(static_cast<int64_t>(e.verdict))
          .bind(e.reason)
          .bind(e.loss)
          .bind(e.gradient_norm)
          .bind(e.min_eigenvalue)
          .bind(e.max_eigenvalue)
          .bind(e.residual)
          .bind(e.newton_step)
          .bind(e.nullity)
          .bind(e.explained)
          .bind(e.index)
          .bind(e.norm)
          .bind(e.kink_distance)
          .bind(e.kinks)
          .bind(e.polish_steps)
          .bind(e.trained_loss)
          .bind(e.theta)
          .run();
    }
  });
}

void Results::save_minima(const std::vector<Minimum>& minima,
                          const std::vector<Count>& counts) {
  database_.transaction([&] {
    auto row = database_.prepare(
        "INSERT OR REPLACE INTO minima VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    auto member = database_.prepare("INSERT OR REPLACE INTO members VALUES(?, ?)");
    for (const auto& m : minima) {
      row.bind(m.id)
          .bind(m.endpoint.seed)
          .bind(m.log10_orbit)
          .bind(m.function_class)
          .bind(m.loss_class)
          .bind(static_cast<int64_t>(m.proved_distinct))
          .bind(m.accuracy)
          .bind(m.held_out_loss)
          .bind(m.held_out_accuracy)
          .run();
      for (const auto seed : m.seeds) member.bind(seed).bind(m.id).run();
    }
    auto count = database_.prepare(
        "INSERT OR REPLACE INTO counts VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    for (const auto& c : counts) {
      count.bind(c.level)
          .bind(c.set)
          .bind(c.count)
          .bind(c.seeds)
          .bind(c.chao1)
          .bind(c.interval.low)
          .bind(c.interval.high)
          .bind(c.coverage)
          .run();
    }
  });
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

void Results::save_slice(const StoredSlice& s) {
  database_.transaction([&] {
    const auto& f = s.frame;
    database_
        .prepare(
            "INSERT OR REPLACE INTO slices VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(f.name)
        .bind(static_cast<int64_t>(f.kind))
        .bind(f.recipe)
        .bind(s.problem)
        .bind(marks_text(f.marks))
        .bind(f.origin)
        .bind(f.u)
        .bind(f.v)
        .bind(f.x)
        .bind(f.y)
        .bind(s.values.loss)
        .bind(s.values.accuracy)
        .run();
  });
}

std::vector<TrainedSeed> Results::load_training(int64_t first, int64_t count) {
  std::vector<TrainedSeed> out;
  auto row = database_.prepare(
      "SELECT seed, loss, gradient_norm, steps, stop, theta, curve, trajectory "
      "FROM training WHERE seed >= ? AND seed < ? ORDER BY seed");
  row.bind(first).bind(first + count);
  while (row.step()) {
    out.push_back({.seed = row.integer(0),
                   .theta = row.tensor(5),
                   .loss = row.number(1),
                   .gradient_norm = row.number(2),
                   .steps = row.integer(3),
                   .stop = enumerator<StopReason>(row.integer(4), 4),
                   .curve = row.tensor(6),
                   .trajectory = row.tensor(7)});
  }
  return out;
}

std::vector<Endpoint> Results::load_endpoints() {
  std::vector<Endpoint> out;
  auto row = database_.prepare(
      "SELECT seed, verdict_code, reason, theta, loss, gradient_norm, min_eigenvalue, "
      "max_eigenvalue, residual, nullity, explained, saddle_index, norm, "
      "kink_distance, "
      "kinks, polish_steps, trained_loss, newton_step FROM endpoints ORDER BY seed");
  while (row.step()) {
    out.push_back({.seed = row.integer(0),
                   .verdict = enumerator<Verdict>(row.integer(1), 8),
                   .reason = row.text(2),
                   .theta = row.tensor(3),
                   .loss = row.number(4),
                   .gradient_norm = row.number(5),
                   .min_eigenvalue = row.number(6),
                   .max_eigenvalue = row.number(7),
                   .residual = row.number(8),
                   .newton_step = row.number(17),
                   .nullity = row.integer(9),
                   .explained = row.integer(10),
                   .index = row.integer(11),
                   .norm = row.number(12),
                   .kink_distance = row.number(13),
                   .kinks = row.integer(14),
                   .polish_steps = row.integer(15),
                   .trained_loss = row.number(16)});
  }
  return out;
}

std::vector<Minimum> Results::load_minima() {
  std::map<int64_t, std::vector<int64_t>> members;
  auto member = database_.prepare("SELECT seed, minimum FROM members ORDER BY seed");
  while (member.step()) members[member.integer(1)].push_back(member.integer(0));
  std::map<int64_t, Endpoint> endpoints;
  for (auto& e : load_endpoints()) endpoints[e.seed] = e;
  std::vector<Minimum> out;
  auto row = database_.prepare(
      "SELECT minimum, seed, log10_orbit, function_class, loss_class, proved_distinct, "
      "accuracy, held_out_loss, held_out_accuracy FROM minima ORDER BY minimum");
  while (row.step()) {
    out.push_back({.id = row.integer(0),
                   .endpoint = endpoints[row.integer(1)],
                   .seeds = members[row.integer(0)],
                   .log10_orbit = row.number(2),
                   .function_class = row.integer(3),
                   .loss_class = row.integer(4),
                   .accuracy = row.number(6),
                   .held_out_loss = row.number(7),
                   .held_out_accuracy = row.number(8),
                   .proved_distinct = row.integer(5) != 0});
  }
  return out;
}

std::vector<Count> Results::load_counts() {
  std::vector<Count> out;
  auto row = database_.prepare(
      "SELECT level, kind, count, seeds, chao1, low, high, coverage FROM counts "
      "ORDER BY rowid");
  while (row.step()) {
    out.push_back({.level = row.text(0),
                   .set = row.text(1),
                   .count = row.integer(2),
                   .seeds = row.integer(3),
                   .chao1 = row.number(4),
                   .interval = {row.number(5), row.number(6)},
                   .coverage = row.number(7)});
  }
  return out;
}

std::vector<StoredSpectrum> Results::load_spectra() {
  std::vector<StoredSpectrum> out;
  auto row = database_.prepare(
      "SELECT minimum, eigenvalues, complete, residual FROM spectra ORDER BY minimum");
  while (row.step()) {
    out.push_back({.minimum = row.integer(0),
                   .values = row.tensor(1),
                   .complete = row.integer(2) != 0,
                   .residual = row.number(3)});
  }
  return out;
}

std::vector<StoredSlice> Results::load_slices() {
  std::vector<StoredSlice> out;
  auto row = database_.prepare(
      "SELECT slice, kind, recipe, problem, marks, origin, u, v, x, y, loss, accuracy "
      "FROM slices ORDER BY rowid");
  while (row.step()) {
    StoredSlice slice{.frame = {.name = row.text(0),
                                .recipe = row.text(2),
                                .kind = enumerator<SliceKind>(row.integer(1), 2),
                                .origin = row.tensor(5),
                                .u = row.tensor(6),
                                .v = row.tensor(7),
                                .x = row.tensor(8),
                                .y = row.tensor(9),
                                .marks = marks_from(row.text(4))},
                      .values = {.loss = row.tensor(10), .accuracy = row.tensor(11)},
                      .problem = row.text(3)};
    out.push_back(std::move(slice));
  }
  return out;
}

}  // namespace basin
