#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "core/objective.h"

namespace basin {

/// One hidden unit.
struct UnitId {
  size_t group = 0;  ///< index into ParameterLayout::groups
  int64_t unit = 0;
};

/// The parameters of a unit: its rows and biases, and the columns that read it.
std::vector<int64_t> unit_parameters(const ParameterLayout& layout, const UnitId& id);

/// Units of homogeneous groups whose parameters are all exactly zero.
std::vector<UnitId> zeroed_units(const ParameterLayout& layout,
                                 const torch::Tensor& theta);

/// Indices of the parameters that belong to none of `units`.
torch::Tensor free_parameters(const ParameterLayout& layout,
                              const std::vector<UnitId>& units);

enum class Answer { kYes, kNo, kUndecided };

/// Whether a unit at zero stays there. To second order in its own parameters
/// (w, v), row and column, L changes by
///
///   vᵀ c(w) + ½ decay (‖w‖² + ‖v‖²),   c(w) = Σ_n r_n φ(w·a_n)
///
/// with a_n what the unit reads and r_n the derivative of the mean loss by what it
/// feeds. c is homogeneous, so zero is a strict minimum if and only if
///
///   max over ‖w‖ = 1 of ‖c(w)‖ < decay
///
/// (the dual ratio of Bach 2017; Pilanci and Ergen 2020). The maximum is bounded by
/// branch and bound over the sphere: exact up to rounding, given nodes enough.
struct SilenceTest {
  Answer silent = Answer::kUndecided;
  double bound = 0;  ///< largest ‖c(w)‖ / decay seen, a lower bound of the ratio
  torch::Tensor witness;  ///< w of unit length with ‖c(w)‖ > decay, `[m]`, if kNo
};

/// `inputs` a `[N, m]` (with a column of ones for a bias), `sensitivity` r `[N, k]`;
/// φ has slopes `low` and `high`.
SilenceTest test_silence(const torch::Tensor& inputs,
                         const torch::Tensor& sensitivity,
                         double low,
                         double high,
                         double decay,
                         int64_t max_nodes = 50'000);

}  // namespace basin
