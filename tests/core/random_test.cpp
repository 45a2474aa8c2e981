#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace basin {
namespace {

TEST(RandomStream, RepeatsItselfAndDiffersByEveryPartOfItsName) {
  const auto first = [](uint64_t seed, Stream stream, uint64_t index) {
    return RandomStream(seed, stream, index).next();
  };
  EXPECT_EQ(first(1, Stream::kData, 0), first(1, Stream::kData, 0));
  const std::set<uint64_t> all{first(1, Stream::kData, 0),
                               first(2, Stream::kData, 0),
                               first(1, Stream::kProbe, 0),
                               first(1, Stream::kData, 1)};
  EXPECT_EQ(all.size(), 4u);
}

TEST(RandomStream, HasTheMomentsOfItsDistributions) {
  RandomStream random(7, Stream::kProbe, 0);
  constexpr int kDraws = 200'000;
  double sum = 0, square = 0, uniform = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal();
    sum += x;
    square += x * x;
    uniform += random.uniform();
  }
  // Five standard errors.
  EXPECT_NEAR(sum / kDraws, 0, 5 / std::sqrt(kDraws));
  EXPECT_NEAR(square / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(uniform / kDraws, 0.5, 5 * std::sqrt(1.0 / 12 / kDraws));
}

TEST(RandomStream, PermutesEveryNumberOnce) {
  auto order = RandomStream(1, Stream::kSplit, 0).permutation(1000);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace basin
