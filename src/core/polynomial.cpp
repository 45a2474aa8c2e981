#include "core/polynomial.h"

#include <algorithm>
#include <cmath>

namespace basin {
namespace {

// The root of p, monotone with a change of sign, between a and b.
double bisect(const Polynomial& p, double a, double b, double at_a) {
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (a + b);
    if (middle <= a || middle >= b) break;
    const double value = evaluate(p, middle);
    if (value == 0) return middle;
    if ((value > 0) == (at_a > 0)) {
      a = middle;
    } else {
      b = middle;
    }
  }
  return 0.5 * (a + b);
}

size_t degree_of(const Polynomial& p) {
  size_t degree = p.size() - 1;
  while (degree > 0 && p[degree] == 0) --degree;
  return degree;
}

}  // namespace

double evaluate(const Polynomial& p, double s) {
  double sum = 0;
  for (size_t k = p.size(); k-- > 0;) sum = sum * s + p[k];
  return sum;
}

Polynomial derivative(const Polynomial& p) {
  Polynomial out(std::max<size_t>(1, p.size() - 1), 0.0);
  for (size_t k = 1; k < p.size(); ++k) out[k - 1] = static_cast<double>(k) * p[k];
  return out;
}

Polynomial substituted(const Polynomial& p, double q0, double q1) {
  // Horner's rule with the polynomial q0 + q1 s.
  Polynomial out(p.size(), 0.0);
  for (size_t k = p.size(); k-- > 0;) {
    for (size_t i = p.size(); i-- > 0;)
      out[i] = out[i] * q0 + (i > 0 ? out[i - 1] * q1 : 0.0);
    out[0] += p[k];
  }
  return out;
}

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial out(a.size() + b.size() - 1, 0.0);
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) out[i + j] += a[i] * b[j];
  }
  return out;
}

void add_to(Polynomial& a, const Polynomial& b, double factor) {
  if (a.size() < b.size()) a.resize(b.size(), 0.0);
  for (size_t k = 0; k < b.size(); ++k) a[k] += factor * b[k];
}

double variation(const Polynomial& p) {
  double sum = 0;
  for (size_t k = 1; k < p.size(); ++k) sum += std::abs(p[k]);
  return sum;
}

std::vector<double> sign_changes(const Polynomial& p) {
  const auto degree = degree_of(p);
  if (std::abs(p[0]) > variation(p) || degree == 0) return {};
  if (degree == 1) {
    const double root = -p[0] / p[1];
    if (root > -1 && root < 1) return {root};
    return {};
  }
  auto ends = sign_changes(derivative(p));
  ends.push_back(1);
  std::vector<double> out;
  double a = -1, at_a = evaluate(p, a);
  for (const double b : ends) {
    const double at_b = evaluate(p, b);
    // Zero itself belongs to neither side: the next interval decides.
    if (at_b == 0) continue;
    if (at_a != 0 && (at_a > 0) != (at_b > 0)) {
      const double root = bisect(p, a, b, at_a);
      if (root > -1 && root < 1) out.push_back(root);
    }
    a = b;
    at_a = at_b;
  }
  return out;
}

size_t PiecewisePolynomial::piece_at(double t) const {
  const auto after = std::upper_bound(breaks.begin(), breaks.end(), t);
  const auto index = after - breaks.begin() - 1;
  return static_cast<size_t>(std::clamp<std::ptrdiff_t>(
      index, 0, static_cast<std::ptrdiff_t>(pieces.size()) - 1));
}

double PiecewisePolynomial::value(double t) const {
  const auto i = piece_at(t);
  const double h = half(i);
  return evaluate(pieces[i], h > 0 ? (t - centre(i)) / h : 0);
}

}  // namespace basin
