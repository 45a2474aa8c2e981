#pragma once

#include "cli/session.h"

namespace basin {

/// Prints what a run would cost: work, time (measured by a few gradients on this
/// machine, now) and memory. Nothing is written.
void print_estimate(const Spec& spec, const Settings& settings);

}  // namespace basin
