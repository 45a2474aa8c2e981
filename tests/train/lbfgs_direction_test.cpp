#include "train/lbfgs_direction.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/buffer.h"
#include "core/random.h"

namespace basin {
namespace {

struct Case {
  Buffer<double> gradient, direction, room;
  std::vector<LbfgsPair> pairs;
};

Case random_case(size_t size, size_t pairs, uint64_t index) {
  RandomStream random(3, Stream::kProbe, index);
  const auto padded = padded_size(size);
  Case out{Buffer<double>(padded),
           Buffer<double>(padded),
           Buffer<double>(2 * padded * pairs),
           {}};
  for (size_t i = 0; i < size; ++i) out.gradient[i] = random.normal();
  for (size_t k = 0; k < pairs; ++k) {
    LbfgsPair p{.s = out.room.data() + 2 * k * padded};
    p.y = p.s + padded;
    double sy = 0, yy = 0;
    for (size_t i = 0; i < size; ++i) {
      p.s[i] = random.normal();
      p.y[i] = (1 + static_cast<double>(i % 7)) * p.s[i];
      sy += p.s[i] * p.y[i];
      yy += p.y[i] * p.y[i];
    }
    p.rho = 1 / sy;
    p.scale = sy / yy;
    out.pairs.push_back(p);
  }
  return out;
}

// H, updated pair by pair as a matrix (BFGS), times −g.
std::vector<double> by_matrices(const Case& c, size_t size) {
  std::vector<std::vector<double>> h(size, std::vector<double>(size));
  for (size_t i = 0; i < size; ++i)
    h[i][i] = c.pairs.empty() ? 1 : c.pairs.back().scale;
  for (const auto& p : c.pairs) {
    std::vector<double> hy(size);
    double yhy = 0;
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) hy[i] += h[i][j] * p.y[j];
      yhy += p.y[i] * hy[i];
    }
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j < size; ++j) {
        h[i][j] += p.rho * ((1 + p.rho * yhy) * p.s[i] * p.s[j] - hy[i] * p.s[j] -
                            p.s[i] * hy[j]);
      }
    }
  }
  std::vector<double> out(size);
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < size; ++j) out[i] -= h[i][j] * c.gradient[j];
  }
  return out;
}

TEST(LbfgsDirections, AreThoseOfTheMatrixUpdate) {
  for (const size_t size : {1, 7, 8, 33, 300}) {
    std::vector<Case> cases;
    for (const size_t pairs : {0, 1, 5, 20, 3, 20, 2})
      cases.push_back(random_case(size, pairs, cases.size()));
    std::vector<DirectionTask> tasks;
    for (auto& c : cases)
      tasks.push_back({c.pairs, c.gradient.data(), c.direction.data()});
    lbfgs_directions(tasks, padded_size(size));
    for (auto& c : cases) {
      const auto expected = by_matrices(c, size);
      double scale = 0;
      for (const double x : expected) scale = std::max(scale, std::abs(x));
      for (size_t i = 0; i < size; ++i)
        EXPECT_NEAR(c.direction[i], expected[i], 1e-9 * scale) << size;
      for (size_t i = size; i < padded_size(size); ++i) EXPECT_EQ(c.direction[i], 0);
    }
  }
}

TEST(LbfgsDirections, OfARowAreTheSameWhateverStandsBesideIt) {
  std::vector<Case> cases;
  for (const size_t pairs : {4, 0, 20, 7, 1})
    cases.push_back(random_case(33, pairs, cases.size()));
  std::vector<DirectionTask> tasks;
  for (auto& c : cases)
    tasks.push_back({c.pairs, c.gradient.data(), c.direction.data()});
  lbfgs_directions(tasks, padded_size(33));
  for (auto& c : cases) {
    Buffer<double> alone(padded_size(33));
    const DirectionTask task{c.pairs, c.gradient.data(), alone.data()};
    lbfgs_directions({&task, 1}, padded_size(33));
    for (size_t i = 0; i < 33; ++i) EXPECT_EQ(alone[i], c.direction[i]);
  }
}

}  // namespace
}  // namespace basin
