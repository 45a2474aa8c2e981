#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

enum class CurveKind { kNone, kBezier, kChain };

/// How minima are joined.
struct ConnectivityOptions {
  int64_t minima = 0;  ///< the lowest so many are joined; 0: none
  int64_t images = 9;  ///< of a band at first, ends included
  int64_t max_images = 25;
  int64_t iterations = 400;       ///< of a band
  double force_tolerance = 1e-3;  ///< largest perpendicular force of a relaxed band
  int64_t restarts = 8;           ///< of weight matching, from random permutations

  /// All elements of the symmetry group are tried when there are at most so many.
  int64_t exhaustive = 1'000'000;

  int64_t variants = 3;  ///< alignments of one pair that are tried, best first
  int64_t extra = 20;    ///< attempts that try to lower joins of the complete tree

  int64_t max_found = 200;  ///< minima found on the way that may join the set

  /// A basin at most this deep is part of the component of the deeper one it joins.
  double barrier = 0.01;

  CurveKind curve = CurveKind::kNone;  ///< besides the band
  int64_t bends = 3;                   ///< control points between the ends
  int64_t curve_iterations = 200;
};

/// More minima than random starts reach.
struct ExploreOptions {
  enum class Method { kNone, kBasinHopping };
  Method method = Method::kNone;
  int64_t hops = 100;
  double step = 0.5;          ///< deviation of a hop, relative to the mean |θ_i|
  double temperature = 0.01;  ///< of the acceptance, in units of the loss
};

}  // namespace basin
