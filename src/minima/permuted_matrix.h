#pragma once

#include <torch/types.h>

#include <cstdint>

namespace basin {

enum class PermutedAnswer { kSame, kDifferent, kUndecided };

/// Whether permutations of rows and of columns take b `[k, d]` into a, entry by entry
/// within `tolerance`. Columns are matched one after the other; after each, rows are
/// told apart by what the matched columns hold, and both matrices must show the same
/// pattern. Undecided after `max_nodes` trials.
PermutedAnswer match_permuted(const torch::Tensor& a,
                              const torch::Tensor& b,
                              double tolerance,
                              int64_t max_nodes = 20'000);

}  // namespace basin
