#pragma once

#include "minima/kink_system.h"

namespace basin {

/// A point and the kinks it is held on, as a search adds and drops them.
class KinkSet {
 public:
  /// On the kinks very near to θ `[P]`. A slope outside [margin, 1 − margin], as a
  /// share of the way from low to high, violates its interval.
  KinkSet(const Objective& objective,
          const torch::Tensor& theta,
          torch::Tensor free,
          double margin);

  /// Adds a kink whose row is independent of the others, with all that repeat it. False
  /// if it depends on them, or L does not feel it.
  bool try_to_add(int64_t site);

  /// Drops sites that L does not feel. True if there were any.
  bool drop_forceless();

  /// How much the worst site violates its interval, as a slope of L; 0 if none does.
  double worst_violation(const KinkSystem& system) const;

  /// The site that violates most leaves to the side on which L falls faster, with all
  /// that repeat it.
  void drop_worst(const KinkSystem& system);

  /// A site that was near its kink and does not want to lie on it: left on its side.
  bool drop_farthest();

  KinkPoint point;
  int64_t dropped = -1;  ///< the site that drop_worst dropped last

 private:
  void add_nearby_kinks();
  void add_repeated(int64_t site);
  void count_rank();
  torch::Tensor row_of(const FrozenObjective& frozen, int64_t site) const;
  torch::Tensor violations(const KinkSystem& system) const;

  const Objective& objective_;
  torch::Tensor free_;
  double margin_;
  SiteTable table_;
  int64_t rank_ = 0;  // of the rows of the active sites
};

}  // namespace basin
