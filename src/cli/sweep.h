#pragma once

#include <filesystem>

#include "cli/session.h"
#include "config/spec.h"

namespace basin {

/// Runs every cell of a sweep (each an ordinary run, reused if it exists), then writes
/// one table, two charts and a page. Returns the folder of the sweep.
std::filesystem::path run_sweep(const Experiment& experiment, const Settings& settings);

}  // namespace basin
