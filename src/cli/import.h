#pragma once

#include "cli/arguments.h"
#include "cli/session.h"

namespace basin {

/// `runner import CONFIG --points FILE [--energies FILE] [--dest CSV]`: judges points
/// of another program as they are, and again after polishing, for the network and data
/// of CONFIG. Prints a table; writes it as CSV if --dest is given.
void import_command(const Arguments& arguments, const Settings& settings);

}  // namespace basin
