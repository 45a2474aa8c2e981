#pragma once

#include <cstdint>
#include <vector>

namespace basin {

/// The permutation π that minimises Σ cost[i·n + π(i)], exactly: the Hungarian method
/// with potentials, O(n³). NaN, and what is beyond 1e290, counts as 1e290. Kuhn 1955;
/// Jonker and Volgenant 1987.
std::vector<int64_t> solve_assignment(const std::vector<double>& cost, int64_t n);

}  // namespace basin
