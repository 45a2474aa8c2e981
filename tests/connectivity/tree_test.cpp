// The tree of a network whose minima are known.

#include <gtest/gtest.h>

#include "connectivity/merge_tree.h"
#include "data/synthetic.h"
#include "minima/identify.h"
#include "model/make_objective.h"
#include "support/networks.h"
#include "train/ensemble.h"

namespace basin {
namespace {

struct XorTree {
  Graph graph;
  MergeTree tree;
  std::string text;
};

// XOR with ±1, two tanh units, decay 1e-2: six minima (methods.md, section 9).
XorTree xor_tree(uint64_t seed) {
  const auto data = synthetic_data(
      {.source = DataSource::kXor, .samples = 4, .encoding = XorEncoding::kPlusMinus},
      1);
  const LossOptions loss{.weight_decay = 1e-2};
  const auto network = testing::network_for({.depth = 1,
                                             .width = 2,
                                             .activation = Elementwise::kTanh,
                                             .init = Initializer::kNormal},
                                            loss,
                                            data);
  auto path = ComputePath::kAuto;
  const auto objective = make_objective(network, loss, data, {}, path);
  const MinimaProblem problem{
      .objective = *objective, .layout = network.layout, .decay = 1e-2};
  const auto trained = train_seeds(*objective,
                                   initial_parameters(network, seed, 0, 100),
                                   0,
                                   seed,
                                   {.learning_rate = 0.05, .steps = 300});
  const auto ends = polish_and_judge(
      problem, trained.theta, 0, std::vector<bool>(static_cast<size_t>(100)), {});
  XorTree out;
  for (const auto& m : identify(problem, ends, {})) {
    out.graph.nodes.push_back({.id = m.id,
                               .endpoint = m.endpoint,
                               .hits = static_cast<int64_t>(m.seeds.size()),
                               .origin = "seeds"});
  }
  const ConnectivityOptions options{.variants = 8, .extra = 60};
  for (auto next = next_pairs(out.graph, options, 4); !next.empty();
       next = next_pairs(out.graph, options, 4)) {
    for (const auto& pair : next) {
      auto found = join(problem, nullptr, out.graph, pair, options, {}, seed);
      absorb(problem, out.graph, found, options, {});
    }
  }
  out.tree = merge_tree(out.graph);
  out.text = newick(out.tree, out.graph, 8);
  return out;
}

TEST(Tree, XorHasOneTreeWhateverTheSeed) {
  const auto first = xor_tree(1);
  // The six that seeds reach, and θ = 0, which no seed does: found on the way.
  ASSERT_EQ(first.graph.nodes.size(), 7u);
  EXPECT_NEAR(first.graph.nodes[6].endpoint.loss, 0.5, 1e-12);
  EXPECT_EQ(first.graph.nodes[6].hits, 0);
  ASSERT_TRUE(first.tree.complete());
  for (const auto& j : first.tree.joins) EXPECT_TRUE(j.proved);
  for (const auto& e : first.graph.edges) {
    EXPECT_EQ(e.saddle.index, 1);
    EXPECT_TRUE(is_simple_saddle(e.saddle, {}));
  }
  EXPECT_EQ(first.text,
            "((0.06043645,0.06043645,0.31027765,0.31027765,0.31027765,0.31027765)"
            "0.31146930,0.50000000)0.50008405");
  for (const uint64_t seed : {2, 3}) EXPECT_EQ(xor_tree(seed).text, first.text);
}

}  // namespace
}  // namespace basin
