#pragma once

#include <vector>

#include "minima/growth.h"
#include "minima/growth_box.h"

namespace basin {

/// Directions of w `[m]` and of q `[k]`; an empty column is every q.
struct DirectionPair {
  DirectionBox row, column;
};

/// Bounds qᵀc(w) over pairs of boxes. For plain arrays and one thread.
class GrowthBound {
 public:
  explicit GrowthBound(const GrowthProblem& problem);

  /// False if a live unit is not one: no singular pair of its Σ s_n r_n a_nᵀ with value
  /// decay, or another singular value along its kinks that is not below.
  bool usable() const { return usable_; }

  std::vector<DirectionPair> all_directions() const;

  /// Parts that cover the pair: halves of its widest side, or the faces of every q once
  /// the box of w is small.
  std::vector<DirectionPair> split(const DirectionPair& pair) const;

  struct Node {
    double ratio = 0;       ///< ‖c(w)‖ / (decay ‖w‖) at the centre
    bool excluded = false;  ///< qᵀc(w) < decay |w| |q| but at live units
  };
  Node examine(const DirectionPair& pair) const;

 private:
  struct Live {
    std::vector<double> row, column;  // ŵ `[m]`; q = c(ŵ)/|c(ŵ)| `[k]`
    std::vector<double> slopes;       // [N]
    std::vector<size_t> kinks;
    std::vector<double> force;  // of each kink, for q: −q·r_n > 0
    std::vector<double> share;  // least distance of its slope to low and high
    std::vector<double> turn;   // ‖C b_n‖, b_n dual to the a_n of the kinks
  };
  // What one pair of boxes says of every sample.
  struct Samples {
    std::vector<double> from, to;     // z = w·a_n lies between
    std::vector<double> least, most;  // so does q·r_n
    std::vector<double> weight;       // q·r_n at the centre
  };
  struct Relaxed {
    std::vector<double> map;   // C, [k, m]
    std::vector<double> pull;  // Cᵀ q at the centre, [m]
    double excess = 0;
  };
  Relaxed relax(const DirectionPair& pair,
                const Samples& at,
                const std::vector<double>& slopes) const;

  std::vector<DirectionPair> with_columns(const DirectionPair& pair) const;
  bool add_live(const LiveUnit& unit);
  bool excluded_by(const Live& live,
                   const DirectionPair& pair,
                   const Samples& at) const;
  bool excluded_for_every_column(const DirectionBox& row) const;
  bool excluded_by_values(const DirectionPair& pair, const Samples& at) const;
  bool excluded_by_length(const DirectionPair& pair, const Samples& at) const;
  void choose_slopes(const Samples& at, std::vector<double>& slopes) const;
  Samples look(const DirectionPair& pair) const;

  size_t n_, m_, k_;
  std::vector<double> a_, r_;    // [N, m], [N, k]
  std::vector<double> squares_;  // |a_n|², [N]
  double low_, high_, decay_;
  std::vector<Live> live_;
  bool usable_ = true;
};

}  // namespace basin
