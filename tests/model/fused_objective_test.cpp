#include "model/fused_objective.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <set>

#include "core/differentiable.h"
#include "core/parallel.h"
#include "model/initialize.h"
#include "model/loss.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::kActivations;
using testing::largest;
using testing::network_for;
using testing::normal;
using testing::random_data;
using testing::same_bits;

const std::vector<LossKind> kLosses{LossKind::kMse,
                                    LossKind::kCrossEntropy,
                                    LossKind::kLogistic,
                                    LossKind::kHuber,
                                    LossKind::kHinge,
                                    LossKind::kAbsolute,
                                    LossKind::kSigmoidCrossEntropy};
constexpr int64_t kWidths[] = {1, 3, 7, 17, 33};
constexpr int64_t kSamples[] = {1, 5, 31, 64, 100};

Dataset data_for(LossKind loss, int64_t n, int64_t classes) {
  auto data = random_data(n, 3, std::min(classes, n));
  if (loss == LossKind::kSigmoidCrossEntropy || needs_classes(loss)) {
    for (auto c = static_cast<int64_t>(data.classes.size()); c < classes; ++c)
      data.classes.push_back("unseen " + std::to_string(c));
    return data;
  }
  data = random_data(n, 3, 0, classes);
  return data;
}

torch::Tensor start(const Network& network, int64_t rows) {
  // Squares of squares soon have no digits left in float32.
  const double scale = network.options.activation == Elementwise::kSquare ? 0.4 : 1.0;
  return scale * (initial_parameters(network, 1, 0, rows) +
                  0.1 * normal({rows, network.layout.dimension}));
}

void expect_close(const torch::Tensor& a, const torch::Tensor& b, double tolerance) {
  const auto wide = b.to(torch::kFloat64);
  EXPECT_LE(largest(a.to(torch::kFloat64) - wide), tolerance * largest(wide) + 1e-300);
}

template <typename T>
void expect_equal(const ModelOptions& model,
                  const LossOptions& loss,
                  const Dataset& data,
                  double tolerance) {
  const auto network = network_for(model, loss, data);
  const auto dtype = std::is_same_v<T, float> ? torch::kFloat32 : torch::kFloat64;
  const NetworkObjective slow(network, loss, data, {.dtype = dtype});
  const FusedObjective<T> fast(network, loss, data);
  const auto theta = start(network, 3);
  const auto v = normal({3, network.layout.dimension}, 7);
  const auto a = fast.value_and_gradient(theta), b = slow.value_and_gradient(theta);
  expect_close(a.value, b.value, tolerance);
  expect_close(a.gradient, b.gradient, tolerance);
  expect_close(fast.hessian_times(theta, v), slow.hessian_times(theta, v), tolerance);
  EXPECT_TRUE(same_bits(fast.value(theta), a.value));

  // By BLAS, whatever the width.
  const BlasPasses passes(network, loss, slow.decay().to(dtype));
  const auto x = data.inputs.to(dtype).t().contiguous();
  const auto y = loss_targets(loss, data).to(dtype).t().contiguous();
  const auto products = slow.hessian_times(theta, v);
  for (int64_t row = 0; row < 3; ++row) {
    const auto at = theta[row].to(dtype);
    auto gradient = at::empty_like(at), product = at::empty_like(at);
    const auto value = passes.value_and_gradient(at, x, y, gradient);
    passes.hessian_times(at, v[row].to(dtype), x, y, product);
    expect_close(value, b.value[row], tolerance);
    expect_close(gradient, b.gradient[row], tolerance);
    expect_close(product, products[row], tolerance);
    EXPECT_TRUE(same_bits(passes.value(at, x, y), value));
  }
}

// A layer of 65,536 weights is left to BLAS: the same numbers, on all samples, on
// batches, and for lanes side by side.
TEST(FusedObjective, LeavesWideLayersToBlas) {
  const auto data = random_data(80, 256, 3);
  const LossOptions loss{.kind = LossKind::kCrossEntropy, .weight_decay = 0.01};
  const ModelOptions model{.depth = 2, .widths = {256, 7}};
  const auto network = network_for(model, loss, data);
  ASSERT_TRUE(BlasPasses::pays(network.layout, 80));
  ASSERT_FALSE(BlasPasses::pays(network.layout, 8));
  expect_equal<double>(model, loss, data, 1e-12);
  expect_equal<float>(model, loss, data, 2e-5);
  const FusedObjective<double> fast(network, loss, data);
  const NetworkObjective slow(network, loss, data);
  const auto theta = start(network, 3);
  const auto all = fast.value_and_gradient(theta);
  EXPECT_TRUE(same_bits(fast.value_and_gradient(theta.narrow(0, 1, 1)).gradient[0],
                        all.gradient[1]));
  const auto index = at::randint(80, {3, 20}, torch::kInt64);
  const auto batch = fast.value_and_gradient_on(theta, index);
  const auto expected = slow.value_and_gradient_on(theta, index);
  expect_close(batch.value, expected.value, 1e-12);
  expect_close(batch.gradient, expected.gradient, 1e-12);

  const auto packed = fast.packed_double();
  const auto lanes = packed->lanes(), size = network.layout.dimension;
  std::vector<double> side(static_cast<size_t>(lanes * size)), gradient(side.size()),
      value(static_cast<size_t>(lanes));
  std::vector<bool> wanted(static_cast<size_t>(lanes), false);
  for (int64_t r = 0; r < 3; ++r) {
    wanted[static_cast<size_t>(r)] = true;
    for (int64_t i = 0; i < size; ++i) {
      side[static_cast<size_t>(i * lanes + r)] = theta.data_ptr<double>()[r * size + i];
    }
  }
  packed->value_and_gradient(
      side.data(), nullptr, 0, wanted, value.data(), gradient.data());
  for (int64_t r = 0; r < 3; ++r) {
    EXPECT_EQ(value[static_cast<size_t>(r)], all.value[r].item<double>());
    EXPECT_EQ(gradient[static_cast<size_t>(5 * lanes + r)],
              all.gradient[r][5].item<double>());
  }
}

class FusedEveryActivation : public ::testing::TestWithParam<Elementwise> {};

TEST_P(FusedEveryActivation, AgreesWithAutogradForEveryLossDepthAndSize) {
  size_t turn = static_cast<size_t>(GetParam());
  for (const auto kind : kLosses) {
    for (int64_t depth = 0; depth <= 4; ++depth) {
      for (const auto width : kWidths) {
        const auto n = kSamples[turn % 5];
        const auto outputs = 1 + static_cast<int64_t>(turn / 5 % 3);
        const LossOptions loss{.kind = kind,
                               .weight_decay = turn % 2 == 0 ? 0.0 : 0.01,
                               .decay_biases = turn % 4 == 1};
        const ModelOptions model{.depth = depth,
                                 .width = width,
                                 .activation = GetParam(),
                                 .bias = turn % 7 != 0,
                                 .skip = turn % 3 == 0};
        SCOPED_TRACE(::testing::Message()
                     << "loss " << static_cast<int>(kind) << " depth " << depth
                     << " width " << width << " N " << n << " K " << outputs);
        const auto data = data_for(kind, n, std::max<int64_t>(outputs, 2));
        expect_equal<double>(model, loss, data, 1e-12);
        expect_equal<float>(model, loss, data, 2e-5);
        ++turn;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, FusedEveryActivation, ::testing::ValuesIn(kActivations));

TEST(FusedObjective, AgreesWithAutogradForEveryOutputActivation) {
  for (const auto output : kActivations) {
    SCOPED_TRACE(static_cast<int>(output));
    expect_equal<double>({.depth = 1, .width = 5, .output_activation = output},
                         {},
                         random_data(9, 2, 0, 3),
                         1e-12);
  }
}

// From 256 samples on they are dealt out to the lanes, row after row.
TEST(FusedObjective, AgreesWithAutogradOnManySamples) {
  for (const int64_t n : {256, 259, 300, 511}) {
    for (const auto kind : {LossKind::kCrossEntropy, LossKind::kMse}) {
      const auto data = data_for(kind, n, 3);
      const ModelOptions model{
          .depth = 2, .width = 5, .activation = Elementwise::kTanh, .skip = true};
      const LossOptions loss{.kind = kind, .weight_decay = 0.01};
      SCOPED_TRACE(n);
      expect_equal<double>(model, loss, data, 1e-12);
      expect_equal<float>(model, loss, data, 2e-5);
    }
  }
}

FusedObjective<double> small(int64_t n = 37) {
  const auto data = random_data(n, 2, 3);
  const LossOptions loss{.kind = LossKind::kCrossEntropy, .weight_decay = 1e-3};
  return {network_for(
              {.depth = 2, .width = 7, .activation = Elementwise::kTanh}, loss, data),
          loss,
          data};
}

class FusedSamples : public ::testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(, FusedSamples, ::testing::Values(37, 300));

TEST_P(FusedSamples, GiveARowTheSameBitsInEveryBatchAndOnEveryThread) {
  const auto objective = small(GetParam());
  const auto theta = normal({41, objective.dimension()});
  const auto v = normal({41, objective.dimension()}, 3);
  const auto all = objective.value_and_gradient(theta);
  const auto products = objective.hessian_times(theta, v);
  parallel_for(41, 3, [&](int64_t row) {
    const auto one = objective.value_and_gradient(theta.narrow(0, row, 1));
    EXPECT_TRUE(same_bits(one.value, all.value.narrow(0, row, 1)));
    EXPECT_TRUE(same_bits(one.gradient, all.gradient.narrow(0, row, 1)));
    EXPECT_TRUE(
        same_bits(objective.hessian_times(theta.narrow(0, row, 1), v.narrow(0, row, 1)),
                  products.narrow(0, row, 1)));
  });
}

// The sums run in the same order for any number of lanes, so units that fuse a product
// with its sum agree bit for bit; SSE4 rounds twice.
TEST(FusedObjective, AgreesOnEveryVectorUnitOfThisMachine) {
  const auto narrow = small();
  const auto theta = normal({19, narrow.dimension()});
  const auto best = small().value_and_gradient(theta);
  const std::string widest = kernel_target();
  std::set<std::string> seen{widest};
#if HWY_ARCH_X86
  for (const int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SSE4}) {
    hwy::SetSupportedTargetsForTest(0);
    if ((hwy::SupportedTargets() & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    seen.insert(kernel_target());
    const auto own = small().value_and_gradient(theta);
    expect_close(own.gradient, best.gradient, 1e-12);
    if (target == HWY_SSE4) continue;
    EXPECT_TRUE(same_bits(own.gradient, best.gradient)) << kernel_target();
  }
  hwy::SetSupportedTargetsForTest(0);
  EXPECT_TRUE(seen.contains("SSE4"));
#endif
  EXPECT_EQ(kernel_target(), widest);
}

TEST(FusedObjective, KeepsWhatIsNotFiniteInItsRow) {
  for (const auto kind : kActivations) {
    SCOPED_TRACE(static_cast<int>(kind));
    const auto data = random_data(13, 2, 0, 2);
    const auto network =
        network_for({.depth = 2, .width = 5, .activation = kind}, {}, data);
    const FusedObjective<float> objective(network, {}, data);
    auto theta = normal({20, objective.dimension()});
    const auto before = objective.value_and_gradient(theta);
    theta[4].fill_(std::numeric_limits<double>::quiet_NaN());
    theta[11][objective.dimension() - 1] = std::numeric_limits<double>::infinity();
    theta[17][0] = std::numeric_limits<double>::quiet_NaN();
    const auto after = objective.value_and_gradient(theta);
    for (int64_t row = 0; row < 20; ++row) {
      const bool finite = after.value[row].isfinite().item<bool>();
      EXPECT_EQ(finite, row != 4 && row != 11 && row != 17) << row;
      if (!finite) continue;
      EXPECT_TRUE(same_bits(after.gradient[row], before.gradient[row]));
    }
  }
}

// Kernels inside a graph of LibTorch's: L(a + t b), twice differentiated by t.
TEST(FusedObjective, ComposesWithAutograd) {
  const auto objective = small();
  const auto a = normal({4, objective.dimension()});
  const auto b = normal({4, objective.dimension()}, 2);
  const auto t = at::full({4, 1}, 0.3, torch::kFloat64).requires_grad_(true);
  const auto value = differentiable_value(objective, a + t * b).exp().sum();
  const auto slope = torch::autograd::grad({value}, {t}, {}, true, true)[0];
  const auto bend = torch::autograd::grad({slope.sum()}, {t})[0];
  const auto theta = (a + t * b).detach();
  const auto [l, g] = objective.value_and_gradient(theta);
  const auto along = (g * b).sum(1, true), e = l.exp().unsqueeze(1);
  const auto curved = (objective.hessian_times(theta, b) * b).sum(1, true);
  expect_close(slope.detach(), e * along, 1e-13);
  expect_close(bend, e * (along * along + curved), 1e-13);
}

TEST(FusedObjective, AgreesWithAutogradOnMiniBatches) {
  const auto data = random_data(29, 3, 4);
  const LossOptions loss{.kind = LossKind::kCrossEntropy};
  const auto network = network_for({.depth = 2, .width = 9}, loss, data);
  const NetworkObjective slow(network, loss, data);
  const FusedObjective<double> fast(network, loss, data);
  const auto theta = start(network, 21);
  for (const int64_t count : {1, 6, 29}) {
    const auto index =
        (at::arange(21 * count, torch::kInt64) * 7).remainder(29).view({21, count});
    const auto a = fast.value_and_gradient_on(theta, index);
    const auto b = slow.value_and_gradient_on(theta, index);
    expect_close(a.value, b.value, 1e-13);
    expect_close(a.gradient, b.gradient, 1e-12);
  }
}

TEST(FusedObjective, CountsTheSameSamplesRightAsAutograd) {
  for (const int64_t classes : {2, 5}) {
    const auto data = random_data(43, 2, classes);
    const LossOptions loss{.kind = classes == 2 ? LossKind::kLogistic
                                                : LossKind::kCrossEntropy};
    const auto network = network_for({.depth = 1, .width = 6}, loss, data);
    const auto theta = normal({18, network.layout.dimension});
    EXPECT_TRUE(same_bits(FusedObjective<double>(network, loss, data).accuracy(theta),
                          NetworkObjective(network, loss, data).accuracy(theta)));
  }
}

TEST(FusedObjective, ShowsAPlaneAsPointsOneByOne) {
  for (int64_t depth = 0; depth <= 2; ++depth) {
    const auto data = random_data(22, 3, 3);
    const LossOptions loss{.kind = LossKind::kCrossEntropy, .weight_decay = 0.1};
    const auto network = network_for(
        {.depth = depth, .width = 5, .activation = Elementwise::kGelu}, loss, data);
    const FusedObjective<double> fast(network, loss, data);
    const NetworkObjective slow(network, loss, data);
    const auto p = network.layout.dimension;
    const auto o = normal({p}), u = normal({p}, 1), v = normal({p}, 2);
    const auto x = normal({30}, 3), y = normal({30}, 4);
    const auto a = fast.on_plane(o, u, v)->at(x, y);
    const auto b = slow.on_plane(o, u, v)->at(x, y);
    expect_close(a.loss, b.loss, 1e-12);
    EXPECT_TRUE(same_bits(a.accuracy, b.accuracy));
  }
}

}  // namespace
}  // namespace basin
