#pragma once

#include <string>
#include <vector>

#include "report/run_report.h"

namespace basin {

/// Is the loss convex: the verdict, the proof step by step or the witness.
std::string convexity_section(const RunReport& report);

/// The verdict in a sentence or two.
std::vector<std::string> convexity_sentences(const RunReport& report);

}  // namespace basin
