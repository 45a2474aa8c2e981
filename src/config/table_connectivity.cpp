#include "config/table_words.h"

namespace basin {

Section connectivity_section(ConnectivityOptions& c) {
  return {
      "connectivity",
      "how minima are joined",
      {{"minima",
        &c.minima,
        "so many minima of lowest loss are joined; 0: none",
        at_least(0, 1000)},
       {"images",
        &c.images,
        "of a band at first, both ends included",
        at_least(3, 1000)},
       {"max_images", &c.max_images, "of a band at last", at_least(3, 1000)},
       {"iterations", &c.iterations, "of a band", at_least(1, 1e6)},
       {"force_tolerance",
        &c.force_tolerance,
        "a band is relaxed at this largest perpendicular force",
        above(0, 1e6)},
       {"restarts",
        &c.restarts,
        "of weight matching, from random permutations",
        at_least(0, 1000)},
       {"exhaustive",
        &c.exhaustive,
        "all elements of the symmetry group are tried when there are at most so many",
        at_least(0, 1'000'000)},
       {"variants",
        &c.variants,
        "alignments of one pair that are tried, that of the lowest line first",
        at_least(1, 1000)},
       {"extra",
        &c.extra,
        "attempts beyond those that a spanning tree of all minima needs, to lower its "
        "joins",
        at_least(0, 1e6)},
       {"max_found",
        &c.max_found,
        "minima found on the way that may join the set",
        at_least(0, 100'000)},
       {"barrier",
        &c.barrier,
        "a basin at most this deep, below its pass to a deeper one, is part of that "
        "one's component",
        at_least(0, 1e6)},
       {"curve",
        choice(c.curve, {"none", "bezier", "chain"}),
        "a curve of least mean loss, besides the band"},
       {"bends", &c.bends, "of the curve, between its ends", at_least(1, 100)},
       {"curve_iterations", &c.curve_iterations, "of L-BFGS", at_least(1, 1e6)}}};
}

}  // namespace basin
