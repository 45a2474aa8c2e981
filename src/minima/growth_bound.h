#pragma once

#include <vector>

#include "minima/growth.h"
#include "minima/growth_box.h"
#include "minima/growth_shared.h"

namespace basin {

/// w·a_n is on one side.
struct Side {
  size_t sample = 0;
  bool above = true;
};

/// Directions of w `[m]`, of these the ones on the sides said, and of q `[k]`; an empty
/// column is every q.
struct DirectionPair {
  DirectionBox row, column;
  std::vector<Side> sides;
};

/// Of bounds: covers the rounding of their sums.
inline constexpr double kRounding = 1e-9;

/// Bounds qᵀc(w) over pairs of boxes. For plain arrays and one thread.
class GrowthBound {
 public:
  explicit GrowthBound(const GrowthProblem& problem);

  /// False if a live unit is not one: no singular pair of its Σ s_n r_n a_nᵀ with value
  /// decay, or another singular value along its kinks that is not below.
  bool usable() const { return usable_; }

  std::vector<DirectionPair> all_directions() const;

  enum class Cut { kRow, kColumn, kSample };

  struct Node {
    double ratio = 0;       ///< ‖c(w)‖ / (decay ‖w‖) at the centre
    bool apart = false;     ///< shared kinks make it not smaller than decay there
    bool excluded = false;  ///< qᵀc(w) < decay |w| |q| but at live units
    Cut cut = Cut::kRow;    ///< what keeps it from being excluded
    size_t sample = 0;
  };
  Node examine(const DirectionPair& pair) const;

  /// Parts that cover the pair: its halves, the two sides of a sample, or the faces of
  /// every q once the box of w is small.
  std::vector<DirectionPair> split(const DirectionPair& pair, const Node& node) const;

 private:
  struct Live {
    std::vector<double> row, column;  // ŵ `[m]`; q = c(ŵ)/|c(ŵ)| `[k]`
    std::vector<double> slopes;       // [N]
    std::vector<size_t> kinks;
    std::vector<double> force;  // of each kink, for q: −q·r_n > 0
    std::vector<double> share;  // least distance of its slope to low and high
    std::vector<double> turn;   // ‖C b_n‖, b_n dual to the a_n of the kinks
    bool held = false;          // the second singular value is below by the kinks alone
  };
  // What one pair of boxes says of every sample.
  struct Samples {
    std::vector<double> from, to;  // z = w·a_n lies between
    std::vector<double> most;      // q·r_n is at most
    std::vector<double> weight;    // q·r_n at the centre
    double apart = 0;              // what shared kinks may add to qᵀc(w)

    bool settled(size_t i) const { return from[i] >= 0 || to[i] <= 0; }
    bool unsure(size_t i) const { return !settled(i) && most[i] > 0; }
  };
  // qᵀc(w) <= qᵀC w + excess |w| |q| in the pair; the same at the centre of q.
  struct Relaxed {
    std::vector<double> slopes;  // s, [N]
    std::vector<double> sides;   // normals of the sides said, [m]
    std::vector<double> box;     // and of the box
    double excess = 0, at_centre = 0;
    size_t unsure = 0;  // samples of positive weight that may change sides
    size_t worst = 0;   // the one that adds most to the excess
    double most = 0;    // what it adds
  };
  struct Bounded {
    bool centre = false, box = false;  // at the centre of q, in its box
  };
  Relaxed relax(const DirectionPair& pair, const Samples& at) const;
  std::vector<double> map_of(const DirectionPair& pair,
                             const Relaxed& relaxed,
                             bool with_box) const;
  Bounded bounded_by_length(const DirectionPair& pair, const Relaxed& relaxed) const;
  bool bounded_at_corners(const DirectionPair& pair,
                          const Samples& at,
                          const Relaxed& relaxed) const;

  std::vector<DirectionPair> with_columns(const DirectionPair& pair) const;
  bool add_live(const LiveUnit& unit);
  bool excluded_by(const Live& live,
                   const DirectionPair& pair,
                   const Samples& at) const;
  bool excluded_for_every_column(const DirectionBox& row) const;
  bool near_live(const DirectionBox& row, double share) const;
  bool grows_apart(const std::vector<double>& w, const std::vector<double>& q) const;
  void examine_columns(const DirectionPair& pair, Node& node) const;
  Samples look(const DirectionPair& pair) const;

  size_t n_, m_, k_;
  std::vector<double> a_, r_;    // [N, m], [N, k]
  std::vector<double> squares_;  // |a_n|², [N]
  double low_, high_, decay_;
  std::vector<SharedSites> shared_;
  std::vector<Live> live_;
  bool usable_ = true;
};

}  // namespace basin
