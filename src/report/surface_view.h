#pragma once

#include <string>

#include "report/heights.h"
#include "store/results.h"

namespace basin {

/// What the 3D view of a page needs of a plane, as JSON that may stand inside a script:
/// its heights and marks, and the eye of `best_view`, which hides its low parts least.
std::string surface_data(const StoredSlice& slice, const SliceStyle& style);

/// The scripts that draw it when its button is pressed. `plotly` is the library's text.
std::string surface_scripts(const std::string& plotly);

}  // namespace basin
