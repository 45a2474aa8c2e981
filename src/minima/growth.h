#pragma once

#include <torch/types.h>

#include <vector>

namespace basin {

inline constexpr int64_t kMostInputs = 8;
inline constexpr int64_t kMostNodes = 300'000;

enum class Answer { kYes, kNo, kUndecided };

/// A unit (w, v) of a layer that is not zero, at a critical point: |w| = |v|, both of
/// unit length here.
struct LiveUnit {
  torch::Tensor row;     ///< w, `[m]`
  torch::Tensor column;  ///< v, `[k]`
  torch::Tensor slopes;  ///< of φ on every sample, `[N]`; on a kink its multiplier
  std::vector<int64_t> kinks;  ///< samples on a kink
};

/// Sites of one unit further up on several samples, one kink z = 0 as long as the layer
/// is silent on these. A unit that grows moves each, z_n by v·f φ(w·a_n), and
///
///   Σ_n u_n (φ(z_n) − s z_n) >= D(v, w) = min_b Σ_n u_n ψ(b + v·f φ(w·a_n)),
///
/// ψ(z) = φ(z) − s z: forces u_n of both signs no longer add up before they act.
struct SharedKink {
  /// f, what the layer feeds moves z by: a row for each choice of the slopes of kinks
  /// in between, `[C, k]`.
  torch::Tensor feeds;
  std::vector<int64_t> samples;
  std::vector<double> force;  ///< u
  double below = 0;           ///< s less the lower slope
  double above = 0;           ///< the upper slope less s

  /// Several units may grow, and D of their sum may be below the sum of their D. Then
  /// instead of D, with every negative force carried by positive ones, π_pq in all,
  ///
  ///   −Σ_pq π_pq ρ(t_q − t_p),   ρ(x) = above x⁺ + below x⁻.
  bool several = false;
};

/// What a small unit (w, v) added to a layer does to the loss: to second order
///
///   vᵀ c(w) + ½ decay (‖w‖² + ‖v‖²),   c(w) = Σ_n r_n φ(w·a_n),
///
/// and where it sets samples apart that share kinks, at least the sum of their D more.
struct GrowthProblem {
  torch::Tensor inputs;       ///< a, `[N, m]`, with a column of ones for a bias
  torch::Tensor sensitivity;  ///< r, `[N, k]`, of the mean loss, by what the unit feeds
  double low = 0;             ///< slopes of φ
  double high = 1;
  double decay = 0;
  std::vector<LiveUnit> live;
  std::vector<SharedKink> shared;
};

struct GrowthTest {
  /// kYes: no small unit lowers the loss. kNo: `witness` does.
  Answer silent = Answer::kUndecided;

  /// Beside live units: yes, but a part of one may be split off at no cost.
  bool splitting = false;

  double ratio = 0;       ///< largest ‖c(w)‖ / (decay ‖w‖) seen
  torch::Tensor witness;  ///< w of unit length with ‖c(w)‖ > decay, `[m]`, if kNo; or
                          ///< kUndecided: with shared kinks it may gain as much
  torch::Tensor column;  ///< then v, of unit length, `[k]`
  int64_t nodes = 0;     ///< boxes of directions that were examined
};

/// Whether a unit at zero stays there (docs/kinks.md). c is homogeneous; without live
/// units zero is a strict minimum if and only if the dual ratio, the maximum of
/// ‖c(w)‖ / (decay ‖w‖), is below 1 (Bach 2017; Pilanci and Ergen 2020). A live unit's
/// own direction has ratio 1. Then the test asks that the maximum is 1, attained at
/// live units alone, and that the second singular value of each one's Σ_n s_n r_n a_nᵀ,
/// along its kinks, is below decay: the loss is then a minimum but for splittings.
///
/// A search from many starts looks for a witness; branch and bound over the directions
/// of w and v excludes it, where the inputs' rank is at most kMostInputs; with no
/// `max_nodes` the search is all, and the answer kNo or kUndecided.
GrowthTest test_growth(const GrowthProblem& problem, int64_t max_nodes = kMostNodes);

/// A ratio above 1 by this grows.
inline constexpr double kGrowing = 1e-9;

/// The unit direction at which ‖c(w)‖ is largest, of those that a climb reaches.
struct GrowthPeak {
  torch::Tensor direction;  ///< `[m]`
  double ratio = 0;
};

/// From the rows of `from` `[S, m]`.
GrowthPeak climb_growth(const GrowthProblem& problem, const torch::Tensor& from);

/// From many starts.
GrowthPeak search_growth(const GrowthProblem& problem);

}  // namespace basin
