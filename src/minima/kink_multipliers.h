#pragma once

#include <cstdint>
#include <vector>

namespace basin {

/// What L does to first order across kinks, some of which feed others:
///
///   L'(d) = g·d + Σ_a force_a z_a⁺,   z_a = j_a·d + Σ_b w_ba z_b⁺,  b before a.
///
/// For every t with g + Σ_a t_a j_a = 0, and U_a = force_a + Σ_b w_ab t_b,
///
///   L'(d) = Σ_a (U_a − t_a) z_a⁺ + t_a z_a⁻.
///
/// t_a / U_a is the slope of a: products of the slopes of several layers become linear.
/// The rows j_a are given by what they are in a few coordinates.
struct KinkPieces {
  struct Read {
    size_t from = 0;  ///< b
    double weight = 0;
  };
  size_t coordinates = 0;
  std::vector<double> pull;              ///< g, `[coordinates]`
  std::vector<double> rows;              ///< j, `[A, coordinates]`
  std::vector<double> force;             ///< `[A]`
  std::vector<std::vector<Read>> reads;  ///< of each a, `[A]`
};

struct KinkMultipliers {
  bool found = false;
  std::vector<double> t;      ///< `[A]`
  std::vector<double> total;  ///< U, `[A]`
  std::vector<int8_t> end;  ///< −1: t must be 0, 1: U − t must be 0, 0: neither, `[A]`
};

/// What the equations of multipliers may leave over, of the largest force; near a
/// critical point on the way to it, more.
inline constexpr double kSolved = 1e-9;

/// Multipliers with 0 <= t <= U, as far from both ends as some margin where that is
/// possible.
KinkMultipliers find_multipliers(const KinkPieces& pieces, double solved = kSolved);

}  // namespace basin
