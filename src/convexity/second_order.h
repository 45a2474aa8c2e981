#pragma once

#include <cstddef>
#include <vector>

#include "convexity/interval.h"
#include "core/functions.h"

namespace basin {

/// A function of P variables on a box: enclosures of its value, gradient and Hessian
/// (upper triangle, row by row). Forward mode, second order.
class SecondOrder {
 public:
  explicit SecondOrder(size_t variables, Interval at = 0.0);

  /// Variable `index` itself.
  static SecondOrder variable(size_t variables, size_t index, Interval at);

  size_t variables() const { return gradient.size(); }
  Interval& hessian_at(size_t i, size_t j);  ///< i <= j
  const Interval& hessian_at(size_t i, size_t j) const;

  void add(const SecondOrder& other, const Interval& factor = 1.0);

  Interval value;
  std::vector<Interval> gradient;
  std::vector<Interval> hessian;
};

SecondOrder product(const SecondOrder& a, const SecondOrder& b);

/// Enclosures of φ, φ' and φ'' on an interval.
struct Enclosure {
  Interval value, first, second;
};

/// φ(a), from the enclosures of φ on a.value.
SecondOrder composed(const SecondOrder& a, const Enclosure& phi);

/// Of every activation, relu, leaky_relu and abs where z has one sign; throws
/// NoEnclosure where not. The slope of elu and of Huber's function is continuous and
/// has a derivative almost everywhere: `second` holds it wherever there is one, which
/// is enough for convexity (a gradient that is Lipschitz is the integral of its
/// Hessian).
Enclosure enclosure_of(Elementwise kind, const Interval& z);
Enclosure huber(const Interval& z, double delta);
Enclosure exponential(const Interval& z);
Enclosure logarithm(const Interval& z);

/// Why there is none: "relu crosses its kink".
struct NoEnclosure {
  const char* why;
};

}  // namespace basin
