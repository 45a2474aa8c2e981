#pragma once

#include <filesystem>
#include <string>

#include "store/results.h"

namespace basin {

/// Writes every table of a run as CSV into `folder`: endpoints, minima, counts, slices,
/// curves, spectra. A number that is not known is an empty field. The same results give
/// the same bytes.
void write_tables(Results& results, const std::filesystem::path& folder);

/// "3.1e+45", also where the number is too large for a double.
std::string format_orbit(double log10_orbit);

}  // namespace basin
