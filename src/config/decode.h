#pragma once

#include "config/complaints.h"
#include "config/spec.h"
#include "config/table.h"

namespace basin {

/// Fills `spec` from a tree; keys left out keep their defaults. `sweep` is read by
/// decode_sweep. Each fault is noted; nothing is thrown.
void decode_spec(const YamlNode& tree, Spec& spec, Complaints& complaints);

/// Reads `sweep`, checking that its keys exist.
SweepOptions decode_sweep(const YamlNode& tree, Complaints& complaints);

/// Notes what does not go together.
void check_spec(const YamlNode& tree, const Spec& spec, Complaints& complaints);

/// The part of it about `landscape` and `curvature`.
void check_landscape(const YamlNode& tree, const Spec& spec, Complaints& complaints);

/// Every key of the config, dotted: "model.depth".
std::vector<std::string> known_keys();

/// YAML text of a scalar, or of a list of scalars, as it stood.
std::string flow_text(const YamlNode& node);

}  // namespace basin
