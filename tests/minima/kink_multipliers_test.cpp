#include "minima/kink_multipliers.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/numbers.h"
#include "core/random.h"
#include "minima/kink_pieces.h"
#include "minima/kink_system.h"
#include "minima/symmetry.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

// L'(d) from the definition, d in coordinates.
double slope_along(const KinkPieces& pieces, const std::vector<double>& d) {
  double out = 0;
  for (size_t j = 0; j < d.size(); ++j) out += pieces.pull[j] * d[j];
  std::vector<double> z;
  for (size_t a = 0; a < pieces.force.size(); ++a) {
    double sum = 0;
    for (size_t j = 0; j < d.size(); ++j) sum += pieces.rows[a * d.size() + j] * d[j];
    for (const auto& read : pieces.reads[a])
      sum += read.weight * std::max(0.0, z[read.from]);
    z.push_back(sum);
    out += pieces.force[a] * std::max(0.0, sum);
  }
  return out;
}

KinkPieces chain(double below, double above) {
  return {.coordinates = 2,
          .pull = {-below, -above},
          .rows = {1, 0, 0, 1},
          .force = {0, 1},
          .reads = {{}, {{0, 2.0}}}};
}

TEST(KinkMultipliers, OfAKinkThatAnotherReads) {
  // U_1 = 1, t_1 = 0.3; U_0 = 2 · 0.3, t_0 = 0.5.
  const auto found = find_multipliers(chain(0.5, 0.3));
  ASSERT_TRUE(found.found);
  EXPECT_NEAR(found.t[0], 0.5, 1e-9);
  EXPECT_NEAR(found.t[1], 0.3, 1e-9);
  EXPECT_NEAR(found.total[0], 0.6, 1e-9);
  EXPECT_EQ(found.end, (std::vector<int8_t>{0, 0}));
  EXPECT_FALSE(find_multipliers(chain(0.7, 0.3)).found);
  EXPECT_FALSE(find_multipliers(chain(0.5, 1.1)).found);
  EXPECT_FALSE(find_multipliers(chain(-0.1, 0.3)).found);
}

TEST(KinkMultipliers, SayWhichAreAtAnEnd) {
  const auto high = find_multipliers(chain(0.6, 0.3));
  ASSERT_TRUE(high.found);
  EXPECT_EQ(high.end, (std::vector<int8_t>{1, 0}));
  const auto low = find_multipliers(chain(0, 0.3));
  ASSERT_TRUE(low.found);
  EXPECT_EQ(low.end, (std::vector<int8_t>{-1, 0}));
}

// Two kinks with one row, of which one reads a third: neither slope is given by the
// gradient alone, and only the third says how they are to share it.
TEST(KinkMultipliers, ShareARowAsOtherKinksNeed) {
  const KinkPieces pieces{.coordinates = 2,
                          .pull = {-0.4, -0.5},
                          .rows = {1, 0, 0, 1, 0, 1},
                          .force = {0, 1, 0.6},
                          .reads = {{}, {}, {{0, 1.0}}}};
  const auto found = find_multipliers(pieces);
  ASSERT_TRUE(found.found);
  EXPECT_NEAR(found.t[1] + found.t[2], 0.5, 1e-9);
  EXPECT_GT(found.t[2], 0.4);
  EXPECT_GT(found.t[1], 0);
}

// Where multipliers are found no direction falls; where a planted direction falls there
// are none.
TEST(KinkMultipliers, AreFoundOnlyWhereNothingFalls) {
  RandomStream random(0, Stream::kProbe, 3);
  int found = 0, not_found = 0;
  for (int k = 0; k < 400; ++k) {
    KinkPieces pieces{.coordinates = 3};
    for (int j = 0; j < 3; ++j) pieces.pull.push_back(-0.3 * random.uniform());
    for (size_t a = 0; a < 5; ++a) {
      for (int j = 0; j < 3; ++j)
        pieces.rows.push_back(a < 3 ? (static_cast<size_t>(j) == a) : random.normal());
      pieces.force.push_back(random.uniform());
      pieces.reads.emplace_back();
      if (a > 2) pieces.reads.back().push_back({a - 3, random.normal()});
    }
    double least = 0;
    for (int tries = 0; tries < 3000; ++tries) {
      const std::vector<double> d{random.normal(), random.normal(), random.normal()};
      least = std::min(least, slope_along(pieces, d));
    }
    const auto answer = find_multipliers(pieces);
    if (answer.found) {
      ++found;
      EXPECT_GT(least, -1e-9) << k;
    } else {
      not_found += least < -1e-3 ? 1 : 0;
    }
  }
  EXPECT_GT(found, 40);
  EXPECT_GT(not_found, 40);
}

// A network of two hidden layers, one sample on kinks in both.
TEST(KinkPieces, SayWhatTheLossDoesToFirstOrder) {
  const Dataset data{.name = "three",
                     .inputs = testing::normal({3, 2}, 5),
                     .targets = testing::normal({3, 1}, 6)};
  const auto objective =
      testing::objective_for({.depth = 2, .width = 3}, {.weight_decay = 1e-2}, data);
  const auto& layout = objective.network().layout;
  const MinimaProblem problem{.objective = objective, .layout = layout, .decay = 1e-2};
  int reads = 0;
  for (uint64_t k = 0; k < 20; ++k) {
    auto theta = testing::normal({layout.dimension}, 60 + k);
    const auto blocks = objective.kink_blocks();
    for (size_t l = 0; l < 2; ++l) {
      for (const int64_t unit : {0, 1}) {
        const auto z = arguments_at(objective, theta);
        const auto site = blocks[l].offset + unit * blocks[l].samples;
        theta[layout.layers[l].bias + unit] -= z[site];
      }
    }
    const auto place = place_of(problem, theta);
    ASSERT_GE(place.active.size(), 4);  // more where a layer is silent
    const auto free = free_parameters(layout, {});
    const auto found =
        pieces_at(problem, theta, free, arguments_at(objective, theta), place);
    for (const auto& r : found.pieces.reads) reads += static_cast<int>(r.size());
    const auto value = [&](const torch::Tensor& x) {
      return objective.value(x.unsqueeze(0)).item<double>();
    };
    for (uint64_t i = 0; i < 10; ++i) {
      const auto c = testing::normal({found.span.size(1)}, 900 + i);
      const auto step = 1e-7 * at::mv(found.span, c);
      const double seen = (value(theta + step) - value(theta)) / 1e-7;
      EXPECT_NEAR(
          slope_along(found.pieces, numbers(c)), seen, 1e-4 * (1 + std::abs(seen)))
          << k;
    }
  }
  EXPECT_GT(reads, 20);
}

}  // namespace
}  // namespace basin
