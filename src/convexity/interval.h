#pragma once

#include <algorithm>
#include <cmath>

namespace basin {

/// A closed interval of reals that holds the exact result of what it stands for: every
/// operation rounds its ends outwards. R. E. Moore, Interval Analysis, 1966.
struct Interval {
  double low = 0, high = 0;

  Interval() = default;
  Interval(double x) : low(x), high(x) {}  // NOLINT: a number is an interval
  Interval(double l, double h) : low(l), high(h) {}

  bool has(double x) const { return low <= x && x <= high; }
};

/// Below and above any number that rounds to x, or that a function which errs by at
/// most `ulps` units in the last place may mean by x.
inline double below(double x, double ulps = 1) {
  return x - (ulps * 0x1p-52 * std::abs(x) + 0x1p-1060);
}
inline double above(double x, double ulps = 1) {
  return x + (ulps * 0x1p-52 * std::abs(x) + 0x1p-1060);
}

inline Interval operator-(const Interval& a) { return {-a.high, -a.low}; }
inline Interval operator+(const Interval& a, const Interval& b) {
  return {below(a.low + b.low), above(a.high + b.high)};
}
inline Interval operator-(const Interval& a, const Interval& b) { return a + (-b); }
inline Interval operator*(const Interval& a, const Interval& b) {
  const double p = a.low * b.low, q = a.low * b.high, r = a.high * b.low,
               s = a.high * b.high;
  return {below(std::min(std::min(p, q), std::min(r, s))),
          above(std::max(std::max(p, q), std::max(r, s)))};
}

/// The smallest interval that holds both.
inline Interval hull(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// a², which is never negative.
inline Interval square(const Interval& a) {
  const auto p = a * a;
  return a.low <= 0 && a.high >= 0
             ? Interval{0, std::max(above(a.low * a.low), above(a.high * a.high))}
             : p;
}

/// Functions of the C library that grow; they err by less than 4 ulps (glibc's tables).
template <typename F>
Interval monotone(const Interval& a, F f) {
  return {below(f(a.low), 4), above(f(a.high), 4)};
}

}  // namespace basin
