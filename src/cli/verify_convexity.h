#pragma once

#include <string>
#include <vector>

#include "cli/session.h"
#include "report/run_report.h"
#include "verify/reference.h"

namespace basin {

/// What does not hold of the verdict on convexity, its witness, the dual bound and the
/// boxes of a run; empty if all of it holds.
std::vector<std::string> convexity_faults(const Session& session,
                                          const Reference& reference,
                                          const RunReport& report);

}  // namespace basin
