#pragma once

#include <cstddef>
#include <vector>

namespace basin {

/// Σ_k c[k] s^k, coefficients from the constant one up. Never empty.
using Polynomial = std::vector<double>;

double evaluate(const Polynomial& p, double s);

Polynomial derivative(const Polynomial& p);

/// p(q0 + q1 s), the same polynomial in another variable.
Polynomial substituted(const Polynomial& p, double q0, double q1);

Polynomial product(const Polynomial& a, const Polynomial& b);

/// Σ |c_k|, k >= 1: no less than by how much p varies on [-1, 1], halved.
double variation(const Polynomial& p);

/// a + factor · b.
void add_to(Polynomial& a, const Polynomial& b, double factor = 1);

/// Where p changes its sign in (-1, 1), ascending. Between the places where p' changes
/// its sign p is monotone, and bisection leaves a root uncertain in its last place. A
/// root where p only touches zero is none. All c[k] must be finite.
std::vector<double> sign_changes(const Polynomial& p);

/// A continuous function on [breaks.front(), breaks.back()]: on piece i the polynomial
/// pieces[i] in s, t = centre_i + half_i · s, -1 <= s <= 1.
struct PiecewisePolynomial {
  std::vector<double> breaks;      ///< n + 1, ascending
  std::vector<Polynomial> pieces;  ///< n
  /// Σ |c_k|, k >= 1, over the terms that were summed up to each piece: rounding leaves
  /// p' uncertain by some 1e-16 of it. Empty: as if the pieces were exact.
  std::vector<double> terms = {};

  double centre(size_t piece) const {
    return 0.5 * (breaks[piece] + breaks[piece + 1]);
  }
  double half(size_t piece) const { return 0.5 * (breaks[piece + 1] - breaks[piece]); }

  /// Ends of the range stand for all that lies beyond.
  size_t piece_at(double t) const;
  double value(double t) const;
};

}  // namespace basin
