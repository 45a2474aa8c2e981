#include <fmt/format.h>

#include "core/error.h"
#include "store/results.h"
#include "store/run_folder.h"

namespace basin {
namespace {

// A number from the file as one of the `count` values of an enumeration.
template <typename E>
E enumerator(int64_t code, int64_t count) {
  if (code < 0 || code >= count) throw StorageError("results.sqlite: an unknown code");
  return static_cast<E>(code);
}

}  // namespace

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

std::vector<Endpoint> Results::load_endpoints() { return load_ends(kSeedEnds); }

std::vector<Endpoint> Results::load_ends(const char* table) {
  std::vector<Endpoint> out;
  auto row = database_.prepare(
      "SELECT seed, verdict_code, certificate, reason, theta, loss, gradient_norm, "
      "noise, min_eigenvalue, max_eigenvalue, residual, newton_step, nullity, "
      "explained, sources, cut_below, cut_above, eigenvalues, saddle_index, witness, "
      "witness_fall, growth_fall, norm, kink_distance, radius, kinks, kink_margin, "
      "kink_force, zeroed, silence, units, polish_steps, trained_loss FROM " +
      std::string(table) + " ORDER BY seed");
  while (row.step()) {
    out.push_back({.seed = row.integer(0),
                   .verdict = enumerator<Verdict>(row.integer(1), 11),
                   .certificate = enumerator<Certificate>(row.integer(2), 7),
                   .reason = row.text(3),
                   .theta = row.tensor(4),
                   .loss = row.number(5),
                   .gradient_norm = row.number(6),
                   .noise = row.number(7),
                   .min_eigenvalue = row.number(8),
                   .max_eigenvalue = row.number(9),
                   .residual = row.number(10),
                   .newton_step = row.number(11),
                   .nullity = row.integer(12),
                   .explained = row.integer(13),
                   .sources = row.text(14),
                   .cut_below = row.number(15),
                   .cut_above = row.number(16),
                   .eigenvalues = row.tensor(17),
                   .index = row.integer(18),
                   .witness = row.tensor(19),
                   .witness_fall = row.number(20),
                   .growth_fall = row.number(21),
                   .norm = row.number(22),
                   .kink_distance = row.number(23),
                   .radius = row.number(24),
                   .kinks = row.integer(25),
                   .kink_margin = row.number(26),
                   .kink_force = row.number(27),
                   .zeroed = row.integer(28),
                   .silence = row.number(29),
                   .units = row.text(30),
                   .polish_steps = row.integer(31),
                   .trained_loss = row.number(32)});
  }
  return out;
}

std::vector<BrokenSeal> Results::broken_seals() {
  return basin::broken_seals(database_);
}

std::vector<Minimum> Results::load_minima() {
  std::map<int64_t, std::vector<int64_t>> members;
  auto member = database_.prepare("SELECT seed, minimum FROM members ORDER BY seed");
  while (member.step()) members[member.integer(1)].push_back(member.integer(0));
  std::map<int64_t, Endpoint> endpoints;
  for (auto& e : load_endpoints()) endpoints[e.seed] = e;
  std::vector<Minimum> out;
  auto row = database_.prepare(
      "SELECT minimum, seed, log10_orbit, symmetry_class, everywhere_class, "
      "function_class, connected_class, loss_class, proved_distinct, margin, accuracy, "
      "held_out_loss, held_out_accuracy FROM minima ORDER BY minimum");
  while (row.step()) {
    const auto end = endpoints.find(row.integer(1));
    if (end == endpoints.end()) {
      throw StorageError(
          fmt::format("{}: minimum {} is of seed {}, which has no endpoint",
                      kDatabaseFile,
                      row.integer(0),
                      row.integer(1)));
    }
    out.push_back({.id = row.integer(0),
                   .endpoint = end->second,
                   .seeds = members[row.integer(0)],
                   .log10_orbit = row.number(2),
                   .symmetry_class = row.integer(3),
                   .everywhere_class = row.integer(4),
                   .function_class = row.integer(5),
                   .connected_class = row.integer(6),
                   .loss_class = row.integer(7),
                   .accuracy = row.number(10),
                   .held_out_loss = row.number(11),
                   .held_out_accuracy = row.number(12),
                   .proved_distinct = row.integer(8) != 0,
                   .margin = row.number(9)});
  }
  return out;
}

std::vector<Count> Results::load_counts() {
  std::vector<Count> out;
  auto row = database_.prepare(
      "SELECT level, kind, count, seeds, at_least, coverage, coverage_low, more_low, "
      "more_high FROM counts ORDER BY rowid");
  while (row.step()) {
    out.push_back({.level = row.text(0),
                   .set = row.text(1),
                   .count = row.integer(2),
                   .seeds = row.integer(3),
                   .at_least = row.number(4),
                   .coverage = row.number(5),
                   .least_coverage = row.number(6),
                   .more = {row.number(7), row.number(8)}});
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

}  // namespace basin
