#pragma once

#include <filesystem>

#include "cli/session.h"

namespace basin {

/// Recomputes every certificate of a run from its folder alone and prints a line per
/// class of endpoints. Throws NumericError if one does not hold, InputError if the
/// folder is not a finished run of this program revision. With `moves` every certified
/// minimum is moved as many ways, too (moves_of).
void verify_run(const std::filesystem::path& folder,
                const Settings& settings,
                int64_t moves = 0);

}  // namespace basin
