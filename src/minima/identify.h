#pragma once

#include "minima/endpoint.h"
#include "minima/judge.h"

namespace basin {

/// A class of endpoints that are the same at level `parameters`. Degenerate minima lie
/// in valleys, where a distance says nothing: they are classed by their function, and a
/// class of them is a valley, or several with one function.
struct Minimum {
  int64_t id = 0;     ///< 0, 1, ...: certified ones first, then by loss, equal losses
                      ///< by the first seed
  Endpoint endpoint;  ///< the representative: least ‖g‖∞ of the class
  std::vector<int64_t> seeds;
  double log10_orbit = 0;         ///< orbit size
  int64_t symmetry_class = -1;    ///< up to the declared symmetries of the data too
  int64_t everywhere_class = -1;  ///< equal function on all inputs (see ReluFunction)
  int64_t function_class = 0;     ///< equal outputs on the training inputs
  int64_t connected_class = -1;   ///< joined by paths of constant loss, as far as they
                                  ///< were found; -1: all minima are isolated
  int64_t loss_class = 0;
  double accuracy = Endpoint::kNan;       ///< on the training data
  double held_out_loss = Endpoint::kNan;  ///< decay included
  double held_out_accuracy = Endpoint::kNan;
  bool proved_distinct = true;     ///< no near match was left undecided (see Matching)
  double margin = Endpoint::kNan;  ///< least margin by which it differs from a class of
                                   ///< nearly equal loss; NaN: the losses are apart
};

/// "minimum 3", or "place 3" for a class that is not certified as a minimum.
std::string label_of(const Minimum& minimum);

/// The levels of sameness that apply, finest first: "parameters", "symmetry" (if the
/// data has declared symmetries), "everywhere" (one piecewise linear hidden layer),
/// "function", "connected" (if some minima are not isolated; it need not be coarser
/// than "function"), "loss".
std::vector<std::string> levels_of(const std::vector<Minimum>& minima);

/// The class of a minimum at a level.
int64_t class_at(const Minimum& minimum, const std::string& level);

/// Endpoints sorted into classes. Saddles, escaping and diverged endpoints belong to
/// none. Ids depend on the endpoints alone, not on their order, nor on `threads`.
std::vector<Minimum> identify(const MinimaProblem& problem,
                              const std::vector<Endpoint>& endpoints,
                              const MinimaOptions& options,
                              int64_t threads = 1);

}  // namespace basin
