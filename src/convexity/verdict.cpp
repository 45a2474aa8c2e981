#include "convexity/verdict.h"

namespace basin {

std::string name_of(Convexity verdict) {
  switch (verdict) {
    case Convexity::kStructural:
      return "convex (structural)";
    case Convexity::kWitness:
      return "non-convex (witness)";
    default:
      return "unknown";
  }
}

}  // namespace basin
