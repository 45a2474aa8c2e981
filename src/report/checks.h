#pragma once

#include <string>
#include <vector>

#include "report/run_report.h"

namespace basin {

/// How `verify` checks a claim of a run folder.
enum class CheckKind {
  kIndependent,  ///< by other code in extended precision: plain loops, differences
  kRecomputed,   ///< by the program's own code, once more
  kSealed,       ///< only that no bit was changed since the run ended
};

/// "independent", "recomputed", "sealed".
std::string name_of(CheckKind kind);

struct Check {
  CheckKind how;
  std::string claims;  ///< "losses, gradients, ..."
};

/// What is checked how, of the claims that this run makes.
std::vector<Check> checks_of(const RunReport& report);

}  // namespace basin
