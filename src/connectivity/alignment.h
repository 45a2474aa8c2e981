#pragma once

#include <string>
#include <vector>

#include "connectivity/barrier.h"
#include "minima/judge.h"
#include "minima/unit_move.h"

namespace basin {

/// B moved by one element of the group of permutations and flips.
struct AlignmentCandidate {
  std::string method;  ///< "none", "sweep", "weights", "activations", "exhaustive"
  SymmetryElement element;
  torch::Tensor moved;  ///< g·θ_B, `[P]`
  double distance = 0;  ///< ‖θ_A − g·θ_B‖₂
  LineBarrier line;     ///< between θ_A and g·θ_B
};

struct AlignmentOptions {
  int64_t restarts = 8;
  int64_t exhaustive = 1'000'000;
  int64_t keep = 8;  ///< candidates of an exhaustive search that are kept
  uint64_t seed = 1;
};

/// Every candidate, by rising `pass` barrier of its line; equal ones once.
struct Alignment {
  std::vector<AlignmentCandidate> candidates;
  bool exhaustive = false;  ///< no element of the group has a lower barrier
  double log10_order = 0;   ///< of the group
  size_t raw = 0;           ///< the candidate "none"
};

/// Candidates: B as it is; the forward sweep (match_units); weight matching by
/// coordinate descent (Ainsworth, Hayase, Srinivasa 2023, section 3.2), from the
/// identity, the sweep, the activation matching and random elements; activation
/// matching by the units' answers on the samples (section 3.1); and, if the group has
/// at most `exhaustive` elements, the best of all of them. Each is measured. Throws
/// NumericError if an element changes the function.
Alignment align(const MinimaProblem& problem,
                const SampledObjective* held_out,
                const torch::Tensor& a,
                const torch::Tensor& b,
                const AlignmentOptions& options);

/// Only the matching: the element that weight matching finds, without any measurement.
SymmetryElement match_weights(const ParameterLayout& layout,
                              const torch::Tensor& a,
                              const torch::Tensor& b,
                              const SymmetryElement& start);

}  // namespace basin
