#pragma once

#include <cstddef>
#include <span>

namespace basin {

/// Arrays of L-BFGS are this many doubles, or a multiple: filled up with zeros, at an
/// address that is a multiple of 64.
inline constexpr size_t kPaddedTo = 8;

inline size_t padded_size(size_t size) {
  return (size + kPaddedTo - 1) / kPaddedTo * kPaddedTo;
}

/// A change of θ and of the gradient.
struct LbfgsPair {
  double* s;
  double* y;
  double rho;    ///< 1 / sᵀy
  double scale;  ///< sᵀy / yᵀy
};

struct DirectionTask {
  std::span<const LbfgsPair> pairs;  ///< oldest first
  const double* gradient;
  double* direction;  ///< −(inverse Hessian estimate) · gradient comes here
};

/// The two-loop recursion for many rows, arrays of `padded` doubles: short ones four at
/// a time, as each sum waits for the one before. No row changes another's numbers.
/// Nocedal, Mathematics of Computation 35 (1980).
void lbfgs_directions(std::span<const DirectionTask> tasks, size_t padded);

/// aᵀb, in eight sums whatever the machine has, so that it is the same everywhere.
double lane_dot(const double* a, const double* b, size_t padded);

}  // namespace basin
