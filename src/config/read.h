#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/spec.h"

namespace basin {

/// The longest config that is read, bytes.
inline constexpr int64_t kConfigLimit = int64_t{1} << 20;

/// Reads a config and `overrides` ("model.depth=4"), strictly: unknown keys, wrong
/// types, values out of range and values that do not go together are all reported at
/// once, in one InputError, as `file:line: section.key: what is expected, what came`.
/// Paths in `data` are taken from the config's folder and made absolute.
Experiment read_experiment(const std::filesystem::path& file,
                           const std::vector<std::string>& overrides = {});

/// As above, from text. `folder` is where relative paths start.
Experiment parse_experiment(const std::string& text,
                            const std::string& name,
                            const std::vector<std::string>& overrides = {},
                            const std::filesystem::path& folder = ".");

}  // namespace basin
