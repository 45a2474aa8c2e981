#include "minima/endpoint.h"

namespace basin {

std::string name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kStrictMinimum:
      return "strict_minimum";
    case Verdict::kMinimumModuloSymmetry:
      return "minimum_modulo_symmetry";
    case Verdict::kDegenerateMinimum:
      return "degenerate_minimum";
    case Verdict::kKinkMinimum:
      return "kink_minimum";
    case Verdict::kSaddle:
      return "saddle";
    case Verdict::kEscaping:
      return "escaping";
    case Verdict::kNotConverged:
      return "not_converged";
    case Verdict::kDiverged:
      return "diverged";
  }
  return "not_converged";
}

bool is_certified(Verdict verdict) {
  return verdict == Verdict::kStrictMinimum ||
         verdict == Verdict::kMinimumModuloSymmetry || verdict == Verdict::kKinkMinimum;
}

bool is_candidate(Verdict verdict) {
  return is_certified(verdict) || verdict == Verdict::kDegenerateMinimum ||
         verdict == Verdict::kNotConverged;
}

}  // namespace basin
