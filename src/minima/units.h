#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "core/objective.h"
#include "minima/unit_ids.h"

namespace basin {

/// What is odd about a hidden unit.
enum class UnitKind {
  kZeroed,     ///< all its parameters are zero
  kDead,       ///< it answers 0 on every sample
  kConstant,   ///< it answers the same on every sample
  kSaturated,  ///< it answers -1, 0 or 1 on every sample, and not always the same
  kUnread,     ///< nothing reads it: its columns are zero
  kDuplicate,  ///< its answers are those of `partner`, up to a factor
};

struct UnitNote {
  UnitId id;
  UnitKind kind;
  int64_t partner = -1;
};

/// The odd units of a network at θ `[P]`, by what they answer on the samples (relative
/// tolerance 1e-7). `probes` as from layer_probes at θ.
std::vector<UnitNote> odd_units(const ParameterLayout& layout,
                                const torch::Tensor& theta,
                                const std::vector<LayerProbe>& probes);

/// "layer0: unit 2 dead, unit 4 duplicates 1"; empty if there are none.
std::string describe(const ParameterLayout& layout, const std::vector<UnitNote>& notes);

}  // namespace basin
