#include "cli/sweep.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/run.h"
#include "config/write.h"
#include "core/error.h"
#include "core/file.h"
#include "report/sweep_page.h"
#include "store/run_folder.h"

namespace basin {
void write_comparison(const std::string& name,
                      const std::string& config,
                      std::vector<SweepRow> rows,
                      const std::filesystem::path& folder) {
  align_measures(rows);
  make_folder(folder / "tables");
  const FolderLock lock(folder);
  write_file(folder / kConfigFile, config);
  write_file(folder / "tables" / "sweep.csv", sweep_csv(rows));
  write_file(folder / "tables" / "sweep_minima.csv", sweep_minima_csv(rows));
  const auto pictures = sweep_pictures(name, rows);
  write_sweep_figures(pictures, folder / "figures");
  write_file(folder / kPageFile, sweep_page(name, rows, pictures));
  fmt::print("\n");
  for (const auto& sentence : sweep_sentences(name, rows)) fmt::print("{}\n", sentence);
  fmt::print("\n{}\n", sweep_text(rows));
}

std::filesystem::path compare_runs(const std::filesystem::path& root,
                                   const std::vector<std::string>& names) {
  std::vector<RunReport> reports;
  std::string ids, comment = "# a comparison of\n";
  std::vector<std::string> faults;
  const auto add = [&](const std::string& name) {
    const auto run = find_run(root, name);
    const auto known = [&](const RunReport& r) { return r.id == run.filename(); };
    if (!std::filesystem::exists(run / kDatabaseFile)) {
      throw InputError(fmt::format(
          "{}: expected a run, came a sweep or comparison, which has its own page: {}",
          name,
          (run / kPageFile).string()));
    }
    if (std::any_of(reports.begin(), reports.end(), known))
      throw InputError(
          fmt::format("{}: expected each run once, came it twice", run.string()));
    reports.push_back(load_report(run));
    ids += reports.back().id + "\n";
    comment += "# " + reports.back().id + "\n";
  };
  for (const auto& name : names) {
    try {
      add(name);
    } catch (const InputError& fault) {
      for (const auto& text : fault.complaints()) faults.push_back(text);
    }
  }
  if (!faults.empty()) throw InputError(faults);
  const auto folder = root / fmt::format("compare-{}", sha256(ids).substr(0, 12));
  write_comparison("comparison", comment, rows_of(reports), folder);
  return folder;
}

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
    rows.push_back(row_of(cell.values, run_spec(cell.spec, settings).report));
  }
  const auto folder =
      settings.root /
      fmt::format("{}-sweep-{}", experiment.spec.name, sha256(ids).substr(0, 12));
  write_comparison(experiment.spec.name, to_yaml(experiment.spec), rows, folder);
  return folder;
}

}  // namespace basin
