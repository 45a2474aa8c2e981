#include "config/table_words.h"

namespace basin {

std::vector<Field> describe(SliceOptions& s) {
  return {
      {"name", &s.name, "of the slice", {}, "[A-Za-z0-9_.-]{0,64}"},
      {"kind", choice(s.kind, {"line", "plane"}), "one or two directions"},
      {.key = "directions",
       .target = &s.directions,
       .meaning = "one word, or one for each axis; filter: each unit scaled to its own "
                  "norm; minima: through two or three",
       .words = kDirectionNames},
      {"center",
       &s.center,
       "best, every (a slice for each minimum, 25 at most), zero, or the number of a "
       "minimum",
       {},
       "best|every|zero|[0-9]{1,6}"},
      {"minima",
       &s.minima,
       "directions minima: which; none: 0, 1 (, 2)",
       at_least(0, 1e6)},
      {"axes", &s.axes, "directions axes: layer0.weight[0,0], layer1.bias[2], ..."},
      {"eigenvectors",
       &s.eigenvectors,
       "directions eigenvectors: one an axis; 0 of the largest eigenvalue, 1 of the "
       "next, -1 of the least; none: 0, -1",
       {-1e6, 1e6}},
      {"file",
       &s.file,
       "directions file: a NumPy .npy of one or more rows of P numbers, from the "
       "config's folder"},
      {"range",
       &s.range,
       "of both coordinates: low, high; none: what fits",
       {-1e6, 1e6}},
      {"range_y", &s.range_y, "of the second coordinate; none: as range", {-1e6, 1e6}},
      {"points", &s.points, "along each coordinate", at_least(2, 100'001)},
      {"draw", &s.draw, "which random directions", at_least(0, 1e6)},
      {"repeats", &s.repeats, "so many draws, from draw on", at_least(1, 100)},
      {"scale",
       choice(s.scale, {"auto", "linear", "log"}),
       "of the figure; auto: log if the loss spans a decade"},
      {"colour_limits",
       &s.colour_limits,
       "losses at the two ends of a plane's colours: low, high; none: what fits",
       {-1e300, 1e300}},
      {.key = "overlay",
       .target = &s.overlay,
       .meaning = "what a plane shows besides the loss",
       .words = kOverlayNames},
      {"quadratic",
       &s.quadratic,
       "draw how far from the centre the second order errs by less than this times its "
       "own rise; 0: do not",
       {0, 10}},
      {"curvature",
       &s.curvature,
       "a plane's map of the extreme eigenvalues on so many points along each "
       "coordinate; 0: none",
       at_least(0, 201)}};
}

Section curvature_section(CurvatureOptions& c) {
  return {
      "curvature",
      "what is measured at some points",
      {{"at",
        &c.at,
        "best, every (10 minima at most), certified (all certified minima, `minima` at "
        "most), the number of a minimum, seed:17 (any endpoint), slice:NAME:x:y; none: "
        "nothing is measured"},
       {"minima",
        &c.minima,
        "certified minima measured at most, evenly by rank of loss if there are more",
        at_least(1, 10'000)},
       {"dense_limit",
        &c.dense_limit,
        "all eigenvalues up to so many parameters",
        at_least(0, 5000)},
       {"pairs", &c.pairs, "eigenvalues reported at each end", at_least(1, 100)},
       {"lanczos_steps", &c.lanczos_steps, "above dense_limit", at_least(2, 2000)},
       {"probes", &c.probes, "random vectors for the trace", at_least(2, 10'000)},
       {"density_probes",
        &c.density_probes,
        "random vectors for the spectral density",
        at_least(1, 1000)},
       {"density_steps", &c.density_steps, "of Lanczos for each", at_least(2, 1000)},
       {"box_radius",
        &c.box_radius,
        "of sharpness over |d_i| <= r (|w_i| + 1)",
        above(0, 10)},
       {"filter_radius",
        &c.filter_radius,
        "of sharpness over units moved by r times their norm",
        above(0, 10)},
       {"directions",
        &c.directions,
        "random ones for the radius of the quadratic model; 0: no radii",
        at_least(0, 1000)},
       {"error",
        &c.error,
        "of the quadratic model, relative to its own rise",
        above(0, 10)},
       {"batches",
        &c.batches,
        "mini-batches whose curvature is compared with the full batch's",
        at_least(0, 1000)},
       {"batch", &c.batch, "samples in each", at_least(1, 1e9)}}};
}

}  // namespace basin
