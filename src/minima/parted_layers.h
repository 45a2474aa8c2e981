#pragma once

#include <vector>

#include "minima/growth.h"
#include "minima/held_kinks.h"

namespace basin {

/// A layer that but for its units at zero is silent on samples which share a kink
/// further up: a unit that grows there sets these samples apart.
struct PartedLayer {
  size_t group = 0;                ///< of its units, in ParameterLayout::groups
  bool known = false;              ///< false: the rest does not say all
  std::vector<SharedKink> shared;  ///< all of which some are positive, some negative
};

/// Of the layers with units at zero those that set samples apart. Not known where a
/// live unit of the layer is not strictly inactive on the samples of a shared kink
/// whose forces differ in sign, or too many kinks lie between the layer and such a one.
std::vector<PartedLayer> parted_layers(const MinimaProblem& problem,
                                       const KinkPlace& place,
                                       const HeldKinks& held);

}  // namespace basin
