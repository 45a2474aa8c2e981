#include "core/polynomial.h"

#include <gtest/gtest.h>

namespace basin {
namespace {

// Π (s - root).
Polynomial from_roots(const std::vector<double>& roots) {
  Polynomial out{1.0};
  for (const double r : roots) out = product(out, {-r, 1.0});
  return out;
}

TEST(Polynomial, FindsEveryChangeOfSign) {
  const std::vector<double> roots{-0.9, -0.3, 0.1, 0.100001, 0.7};
  auto with_more = roots;
  with_more.insert(with_more.end(), {-1.5, 3.0});
  const auto found = sign_changes(from_roots(with_more));
  ASSERT_EQ(found.size(), roots.size());
  for (size_t i = 0; i < roots.size(); ++i) EXPECT_NEAR(found[i], roots[i], 1e-9);
}

TEST(Polynomial, TouchesZeroWithoutAChangeOfSign) {
  EXPECT_TRUE(sign_changes(from_roots({0.25, 0.25})).empty());
  EXPECT_EQ(sign_changes(from_roots({0.25, 0.25, 0.25})).size(), 1u);
  EXPECT_TRUE(sign_changes({0.0}).empty());
  EXPECT_TRUE(sign_changes({0.0, 0.0, 0.0}).empty());
}

TEST(Polynomial, KeepsItsValueInAnotherVariable) {
  const Polynomial p{1, -2, 3, 0.5, -4};
  const auto moved = substituted(p, 0.3, 0.2);
  for (const double s : {-1.0, -0.4, 0.0, 0.7, 1.0})
    EXPECT_NEAR(evaluate(moved, s), evaluate(p, 0.3 + 0.2 * s), 1e-14);
}

}  // namespace
}  // namespace basin
