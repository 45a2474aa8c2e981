#pragma once

#include <string>

#include "config/spec.h"
#include "minima/count.h"

namespace basin {

/// New classes among as many seeds again: "0 to 5", "–" if nothing can be said.
std::string more_text(const Count& count);

/// A probability that is at least `x`: rounded down, never to 1. "–" if not known.
std::string least_text(double x);

/// What may be missing, after "...: ". docs/counting.md says how far to trust it.
std::string unseen_text(const Count& count);

/// That the number of seeds was chosen by what they found; "" if it was not.
std::string stopping_text(const UntilOptions& until);

}  // namespace basin
