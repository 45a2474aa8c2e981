#include "curvature/symmetric_eigen.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "support/networks.h"
#include "support/problems.h"

namespace basin {
namespace {

using testing::largest;

TEST(SymmetricEigen, JacobiDiagonalisesAsLapackDoes) {
  for (const int64_t n : {1, 2, 5, 20}) {
    auto a = testing::normal({n, n}, static_cast<uint64_t>(n));
    a = a + a.t();
    const auto own = jacobi_eigen(a);
    EXPECT_LT(largest(at::mm(own.vectors * own.values, own.vectors.t()) - a), 1e-12);
    EXPECT_LT(
        largest(at::mm(own.vectors.t(), own.vectors) - at::eye(n, torch::kFloat64)),
        1e-13);
    EXPECT_LT(largest(own.values - symmetric_eigen(a).values), 1e-12);
    EXPECT_LT(largest(own.values - symmetric_eigenvalues(a)), 1e-12);
  }
}

TEST(SymmetricEigen, SurvivesEntriesOfVeryDifferentSize) {
  auto a = at::eye(12, torch::kFloat64);
  for (int64_t i = 0; i < 12; ++i) a[i][i] = std::pow(10.0, 25 * (i - 6));
  a[0][11] = a[11][0] = 1e100;
  const auto own = symmetric_eigen(a);
  EXPECT_TRUE(own.values.isfinite().all().item<bool>());
  EXPECT_TRUE(own.vectors.isfinite().all().item<bool>());
}

TEST(SymmetricEigen, RefusesWhatIsNotFinite) {
  const auto a = at::full({2, 2}, std::nan(""), torch::kFloat64);
  EXPECT_THROW(symmetric_eigen(a), NumericError);
  EXPECT_EQ(symmetric_eigen(at::zeros({0, 0}, torch::kFloat64)).values.numel(), 0);
}

}  // namespace
}  // namespace basin
