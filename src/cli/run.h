#pragma once

#include <filesystem>

#include "cli/session.h"
#include "report/run_report.h"

namespace basin {

/// Runs a spec, or what is left of it, and writes tables, figures and the page.
struct RunOutcome {
  std::filesystem::path folder;
  RunReport report;
};
RunOutcome run_spec(const Spec& spec, const Settings& settings);

/// How far a run that did not end has come; "" for one that did.
std::string unfinished_text(const std::filesystem::path& folder);

/// The report of a run folder, from its files alone.
RunReport load_report(const std::filesystem::path& folder);

/// Three sentences and the main table, for the terminal.
void print_outcome(const RunReport& report, const std::filesystem::path& folder);

}  // namespace basin
