#pragma once

#include <vector>

#include "minima/growth.h"
#include "minima/growth_box.h"

namespace basin {

/// A SharedKink in plain numbers.
struct SharedSites {
  size_t k = 0;
  std::vector<double> feeds;  ///< `[C, k]`
  std::vector<size_t> samples;
  std::vector<double> force;
  double below = 0, above = 0;

  /// Where several units may grow: what the second pulls, the first carries.
  struct Carried {
    size_t up = 0, down = 0;  ///< indices into `samples`
    double force = 0;
  };
  bool several = false;
  std::vector<Carried> carried;

  /// `a` `[N, m]`: a force is carried by those of the nearest inputs.
  SharedSites(const SharedKink& kink, const std::vector<double>& a, size_t m);

  /// At least −D(−q, w), where φ(w·a_n) is `phi` on every sample.
  double gain(const std::vector<double>& phi, const std::vector<double>& q) const;

  /// The rows of a box, of samples a `[N, m]`.
  struct Rows {
    const std::vector<double>& a;
    const DirectionBox& box;
    const std::vector<double>&from, &to;  ///< w·a_n lies between, [N]
    double high;                          ///< slope of φ above, below it is 0
  };

  /// At least −D(−q, w) over both boxes.
  double most_gain(const Rows& rows, const DirectionBox& column) const;

  /// At least −D(v, w) / |v| over the rows and every v.
  double most_gain(const Rows& rows) const;

 private:
  double between(const Rows& rows, double from, double to) const;
};

}  // namespace basin
