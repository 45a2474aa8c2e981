#include "minima/bounded_sum.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/numbers.h"
#include "minima/growth_box.h"
#include "support/networks.h"

namespace basin {
namespace {

// Where a coefficient is free, v·g = 0; at a bound it would have to leave it.
void expect_least(const BoundedSum& sum, const std::vector<double>& first) {
  auto g = first;
  for (size_t i = 0; i < sum.value.size(); ++i) {
    for (size_t j = 0; j < sum.m; ++j)
      g[j] += sum.value[i] * sum.vectors[i * sum.m + j];
  }
  for (size_t i = 0; i < sum.value.size(); ++i) {
    const double* v = &sum.vectors[i * sum.m];
    const double slope = dot(v, g.data(), sum.m);
    const double small = 1e-7 * std::sqrt(dot(v, v, sum.m)) * length(g) + 1e-9;
    EXPECT_GE(sum.value[i], sum.low[i]);
    EXPECT_LE(sum.value[i], sum.high[i]);
    if (sum.value[i] < sum.high[i]) {
      EXPECT_GE(slope, -small) << i;
    }
    if (sum.value[i] > sum.low[i]) {
      EXPECT_LE(slope, small) << i;
    }
  }
}

TEST(BoundedSum, SatisfiesTheConditionsOfALeastLength) {
  uint64_t stream = 0;
  const auto normals = [&](size_t m) {
    return numbers(testing::normal({static_cast<int64_t>(m)}, stream++));
  };
  for (int k = 0; k < 60; ++k) {
    const size_t m = 1 + static_cast<size_t>(k % 5);
    BoundedSum sum{.m = m};
    for (int i = 0; i < 2 + k; ++i) {
      auto v = normals(m);
      // Some nearly parallel, some against each other.
      if (i % 3 == 2) {
        for (size_t j = 0; j < m; ++j) v[j] = 1e-4 * v[j] - sum.vectors[j];
      }
      const double low = i % 4 == 0 ? -kUnbounded : -0.1;
      const double high = i % 4 == 1 ? kUnbounded : 0.1 / (1 + i);
      sum.add(v.data(), low, high, 0);
    }
    const auto first = normals(m);
    shorten(sum, first, 0);
    expect_least(sum, first);
  }
}

TEST(BoundedSum, KnowsTheNearestPointOfABox) {
  BoundedSum sum{.m = 2};
  const double x[] = {1, 0}, y[] = {0, 2};
  sum.add(x, -1, 0.25, 0);
  sum.add(y, -1, kUnbounded, 0);
  EXPECT_NEAR(shorten(sum, {-1, -3}, 0), 0.75, 1e-14);
  EXPECT_NEAR(sum.value[0], 0.25, 1e-14);
  EXPECT_NEAR(sum.value[1], 1.5, 1e-14);
}

TEST(BoundedSum, EndsEarlyWhereItIsShortEnough) {
  BoundedSum sum{.m = 2};
  const double x[] = {1, 0}, y[] = {0, 1};
  sum.add(x, -9, 9, 0);
  sum.add(y, -9, 9, 0);
  EXPECT_NEAR(shorten(sum, {3, 1}, 1.5), 1, 1e-14);
}

}  // namespace
}  // namespace basin
