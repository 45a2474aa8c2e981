#pragma once

#include "report/run_report.h"

namespace basin {

/// The section of the page about the curvature at points; "" if none was measured.
std::string curvature_section(const RunReport& report);

}  // namespace basin
