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

/// How many classes there are, and how many were probably not seen.
struct Count {
  std::string level;  ///< as in levels_of
  std::string set;    ///< "certified": proved minima; "candidates": what may be minima
  int64_t count = 0;  ///< distinct classes seen
  int64_t seeds = 0;  ///< endpoints that fell into them
  double chao1 = 0;   ///< lower bound of the number of classes, seen or not
  Interval interval;  ///< of chao1 by its log-normal formula. No confidence is claimed:
                      ///< simulated, it holds the truth far less often than 95 %
  double coverage = 0;  ///< Good-Turing: probability that a new seed finds a seen class
};

/// The lower end of the coverage: 1 less the upper end of Wilson's interval for f1 hits
/// among n seeds. Few seeds prove little, whatever they hit: 1 − f1 / n of two seeds at
/// one minimum is 1, this is 0.34. NaN without seeds.
double least_coverage(const Count& count);

/// From the hits of each class. Chao1, bias-corrected, S + f1 (f1 − 1) / (2 (f2 + 1)),
/// with its log-normal interval (Chao, Biometrics 43 (1987)); coverage 1 − f1 / n
/// (Good, Biometrika 40 (1953)), where f1, f2 classes were hit once, twice. Without
/// seeds the coverage is NaN.
Count count_classes(const std::vector<int64_t>& hits);

/// All levels, for the certified minima and for all candidates.
std::vector<Count> count_minima(const std::vector<Minimum>& minima);

/// Distinct classes among the first 1, 2, ... seeds, by seed number: `[n]`.
std::vector<int64_t> accumulation(const std::vector<Minimum>& minima, bool certified);

}  // namespace basin
