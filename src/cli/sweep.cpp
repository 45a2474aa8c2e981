#include "cli/sweep.h"

#include <fmt/format.h>

#include "cli/run.h"
#include "config/write.h"
#include "core/error.h"
#include "core/file.h"
#include "report/sweep_page.h"
#include "store/run_folder.h"

namespace basin {
namespace {

SweepRow row_of(const SweepCell& cell, const RunOutcome& outcome) {
  SweepRow row{.values = cell.values,
               .run = outcome.folder.filename().string(),
               .parameters = outcome.report.parameters,
               .seeds = static_cast<int64_t>(outcome.report.endpoints.size()),
               .verdicts = verdict_counts(outcome.report),
               .convexity = outcome.report.convexity
                                ? name_of(outcome.report.convexity->verdict)
                                : "",
               .spurious_above = cell.spec.minima.spurious_above,
               .distinct = distinct_minima(outcome.report.minima)};
  for (const auto& c : outcome.report.counts) {
    if (c.level == "symmetry" && c.set == "certified") row.coarse = c;
    if (c.level != "parameters") continue;
    (c.set == "certified" ? row.certified : row.candidates) = c;
  }
  for (const auto& e : outcome.report.endpoints) {
    if (e.verdict == Verdict::kDiverged) continue;
    row.losses.push_back(e.loss);
    row.spurious += row.spurious_above > 0 && e.loss >= row.spurious_above;
  }
  return row;
}

}  // namespace

std::filesystem::path run_sweep(const Experiment& experiment,
                                const Settings& settings) {
  // Every cell's data and network are checked before the first one runs.
  std::string ids;
  for (const auto& cell : experiment.cells) ids += Session(cell.spec, settings).id;
  std::vector<SweepRow> rows;
  for (size_t i = 0; i < experiment.cells.size(); ++i) {
    const auto& cell = experiment.cells[i];
    if (!settings.quiet) {
      std::string values;
      for (const auto& [key, value] : cell.values)
        values += fmt::format("  {} = {}", key, value);
      fmt::print(
          stderr, "\ncell {} of {}:{}\n", i + 1, experiment.cells.size(), values);
    }
    rows.push_back(row_of(cell, run_spec(cell.spec, settings)));
  }
  const auto folder =
      settings.root /
      fmt::format("{}-sweep-{}", experiment.spec.name, sha256(ids).substr(0, 12));
  make_folder(folder / "tables");
  const FolderLock lock(folder);
  write_file(folder / kConfigFile, to_yaml(experiment.spec));
  write_file(folder / "tables" / "sweep.csv", sweep_csv(rows));
  write_file(folder / "tables" / "sweep_minima.csv", sweep_minima_csv(rows));
  write_sweep_figures(experiment.spec.name, rows, folder / "figures");
  write_file(folder / kPageFile, sweep_page(experiment.spec.name, rows));
  fmt::print("\n");
  for (const auto& sentence : sweep_sentences(experiment.spec.name, rows)) {
    fmt::print("{}\n", sentence);
  }
  fmt::print("\n{}\n", sweep_text(rows));
  return folder;
}

}  // namespace basin
