#pragma once

#include <string>
#include <vector>

#include "minima/identify.h"

namespace basin {

/// A share and its 95 % interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// The Wilson score interval of `hits` out of `trials`, 95 %. Wilson, JASA 22 (1927).
Interval wilson_interval(int64_t hits, int64_t trials);

/// How many classes there are, and what more seeds may find. docs/counting.md has the
/// derivations and a simulation of how often each bound holds.
struct Count {
  std::string level;  ///< as in levels_of
  std::string set;    ///< "certified": proved minima; "candidates": what may be minima
  int64_t count = 0;  ///< distinct classes seen
  int64_t seeds = 0;  ///< endpoints that fell into them
  double at_least = 0;        ///< Chao1: estimates a lower bound of the number of
                              ///< classes, seen or not; `count` if none was hit twice
  double coverage = 0;        ///< Good-Turing's estimate of the probability that a new
                              ///< seed finds a class already seen
  double least_coverage = 0;  ///< lower end of its one-sided interval
  Interval more;  ///< new classes among as many seeds again, 95 %; NaN if no class was
                  ///< hit twice
};

/// From the hits of each class, f1, f2 of which were hit once, twice, n = their sum.
/// Chao1, bias-corrected, S + f1 (f1 − 1) / (2 (f2 + 1)): Chao, Biometrics 43 (1987).
/// Coverage 1 − f1 / n: Good, Biometrika 40 (1953). Its lower end is 1 − M / n, where
/// M − f1 = z √(M' + 2 f2), the variance of f1 less the expected hits of unseen classes
/// being E f1 + 2 E f2. Without seeds both are NaN.
Count count_classes(const std::vector<int64_t>& hits);

/// All levels, for the certified minima and for all candidates.
std::vector<Count> count_minima(const std::vector<Minimum>& minima);

/// Distinct classes among the first 1, 2, ... seeds, by seed number: `[n]`.
std::vector<int64_t> accumulation(const std::vector<Minimum>& minima, bool certified);

}  // namespace basin
