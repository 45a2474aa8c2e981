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
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kNotConverged:
      return "not_converged";
    case Verdict::kDiverged:
      return "diverged";
    case Verdict::kModuloSplitting:
      return "minimum_modulo_splitting";
    case Verdict::kPrunedMinimum:
      return "pruned_minimum";
  }
  return "not_converged";
}

std::string name_of(Certificate certificate) {
  switch (certificate) {
    case Certificate::kNone:
      return "";
    case Certificate::kHessian:
      return "hessian";
    case Certificate::kActiveSet:
      return "active set";
    case Certificate::kHigherOrder:
      return "higher order";
    case Certificate::kLowerBound:
      return "lower bound";
    case Certificate::kConstant:
      return "constant";
    case Certificate::kConvex:
      return "convex";
  }
  return "";
}

bool is_candidate(Verdict verdict) {
  return verdict != Verdict::kSaddle && verdict != Verdict::kEscaping &&
         verdict != Verdict::kDiverged;
}

bool is_certified(const Endpoint& endpoint) {
  return endpoint.certificate != Certificate::kNone;
}

}  // namespace basin
