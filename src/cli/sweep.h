#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/session.h"
#include "config/spec.h"
#include "report/sweep_page.h"

namespace basin {

/// Runs every cell of a sweep (each an ordinary run, reused if it exists), then writes
/// one table, two charts and a page. Returns the folder of the sweep.
std::filesystem::path run_sweep(const Experiment& experiment, const Settings& settings);

/// The table, charts and page of rows, into `folder`; the table printed too.
void write_comparison(const std::string& name,
                      const std::string& config,
                      std::vector<SweepRow> rows,
                      const std::filesystem::path& folder);

/// The same for any runs below `root`, told apart by the keys in which their configs
/// differ. Returns the folder. Throws InputError for what is no run, or comes twice.
std::filesystem::path compare_runs(const std::filesystem::path& root,
                                   const std::vector<std::string>& names);

}  // namespace basin
