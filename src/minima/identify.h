#pragma once

#include "minima/endpoint.h"
#include "minima/judge.h"

namespace basin {

/// A class of endpoints that are the same at level `parameters`.
struct Minimum {
  int64_t id = 0;     ///< 0, 1, ...: certified ones first, then by loss
  Endpoint endpoint;  ///< the representative: least ‖g‖∞ of the class
  std::vector<int64_t> seeds;
  double log10_orbit = 0;  ///< orbit size
  int64_t function_class = 0;
  int64_t loss_class = 0;
  double accuracy = Endpoint::kNan;       ///< on the training data
  double held_out_loss = Endpoint::kNan;  ///< decay included
  double held_out_accuracy = Endpoint::kNan;
  bool proved_distinct = true;  ///< no near match was left undecided (see Matching)
};

/// "minimum 3", or "place 3" for a class that is not certified as a minimum.
std::string label_of(const Minimum& minimum);

/// Endpoints sorted into classes. Saddles, escaping and diverged endpoints belong to
/// none. Ids depend on the endpoints alone, not on their order.
/// Throws NumericError if a symmetry that joins two endpoints changes the function.
std::vector<Minimum> identify(const MinimaProblem& problem,
                              const std::vector<Endpoint>& endpoints,
                              const MinimaOptions& options);

}  // namespace basin
