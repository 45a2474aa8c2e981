// Inputs on which the program was wrong, with the right values: found by independent
// recomputation (NumPy in float64 and long double, complex steps, mpmath).

#include <gtest/gtest.h>

#include "cli/run.h"
#include "store/results.h"
#include "support/folder.h"
#include "support/program.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using testing::only_run;
using testing::run_program;

class Cases : public ::testing::Test {
 protected:
  testing::Ended end(const std::string& name,
                     const std::vector<std::string>& changes = {}) {
    auto config = fs::path(BASIN_ROOT) / "tests/cases" / (name + ".yaml");
    if (!fs::exists(config))
      config = fs::path(BASIN_ROOT) / "configs" / (name + ".yaml");
    std::vector<std::string> words{
        config.string(), "--quiet", "--out", (folder_.path() / name).string()};
    for (const auto& word : testing::settings(changes)) words.push_back(word);
    return run_program(words);
  }
  RunReport report(const std::string& name,
                   const std::vector<std::string>& changes = {}) {
    const auto ended = end(name, changes);
    EXPECT_EQ(ended.code, 0) << ended.err;
    const auto run = only_run(folder_.path() / name, "");
    EXPECT_EQ(run_program({"verify", run.string(), "--quiet"}).code, 0);
    return load_report(run);
  }

 private:
  testing::Folder folder_;
};

TEST_F(Cases, OneInputColumn) {
  const auto r = report("one_input");
  ASSERT_FALSE(r.minima.empty());
  EXPECT_TRUE(is_certified(r.minima[0].endpoint));
  EXPECT_NEAR(r.minima[0].endpoint.loss, 0.068593327, 1e-9);
}

TEST_F(Cases, ColumnsOfVeryDifferentSize) {
  const auto r = report("unscaled");
  ASSERT_EQ(r.minima.size(), 1u);
  EXPECT_EQ(r.minima[0].endpoint.verdict, Verdict::kStrictMinimum);
  EXPECT_NEAR(r.minima[0].endpoint.loss, 8527749.243, 1e-3);
  EXPECT_NEAR(r.minima[0].endpoint.min_eigenvalue, 6.7347e-8, 1e-11);
}

TEST_F(Cases, WeightsThatOverflowDoNotEndARun) {
  for (const auto& e : report("copied_column").endpoints) {
    EXPECT_FALSE(is_certified(e));
    EXPECT_FALSE(e.reason.empty());
  }
}

TEST_F(Cases, TheSaddleAtZeroIsNoMinimum) {
  // With both rows (s, s), biases s and columns ±2s/3 the loss is below 0.5.
  for (const auto& e : report("zero_start").endpoints) EXPECT_LT(e.loss, 0.499);
}

TEST_F(Cases, AShallowWellHasTwoMinimaBesideItsSaddle) {
  for (const auto& e : report("shallow_well").endpoints) {
    EXPECT_EQ(e.verdict, Verdict::kStrictMinimum) << e.reason;
    EXPECT_LT(e.loss, 5e-5);
    EXPECT_NEAR(e.min_eigenvalue, 2e-8, 1e-10);  // twice what θ = 0 lacks
  }
}

TEST_F(Cases, AReflectedSigmoidIsOneUnit) {
  int64_t certified = 0;
  for (const auto& m : report("reflected_sigmoid").minima)
    certified += is_certified(m.endpoint);
  EXPECT_EQ(certified, 6);
}

int64_t certified_at(const RunReport& r, const std::string& level) {
  for (const auto& c : r.counts) {
    if (c.level == level && c.set == "certified") return c.count;
  }
  return -1;
}

TEST_F(Cases, AnIntervalOfMediansIsOneConnectedSet) {
  const auto r = report("two_medians");
  for (const auto& e : r.endpoints) {
    EXPECT_TRUE(is_certified(e)) << e.reason;
    EXPECT_NEAR(e.loss, 2.5, 1e-12);
  }
  EXPECT_EQ(certified_at(r, "connected"), 1);
  EXPECT_GT(certified_at(r, "parameters"), 1);
}

TEST_F(Cases, TheZeroValleyOfASingleSampleIsOneConnectedSet) {
  const auto r = report("single_sample");
  int64_t plateau = 0;
  for (const auto& e : r.endpoints) {
    EXPECT_TRUE(is_certified(e)) << e.reason;
    plateau += e.certificate == Certificate::kConstant;
  }
  EXPECT_EQ(plateau, 83);  // seeds that start with a dead output: no gradient there
  EXPECT_EQ(certified_at(r, "connected"), 2);  // the valley and the plateau
}

TEST_F(Cases, TheLeastLossOfAReluOutputIsABound) {
  for (const auto& e : report("single_sample", {"data.y=-1"}).endpoints) {
    EXPECT_TRUE(is_certified(e)) << e.reason;
    EXPECT_EQ(e.loss, 0.5);
  }
}

// A student with a unit to spare: its global minima are valleys. Near one the curvature
// along it is not exactly zero, which does not make a strict minimum of an endpoint.
TEST_F(Cases, AValleyIsNoSetOfStrictMinima) {
  const auto r = report("student_to_spare");
  EXPECT_EQ(r.endpoints.size(), 60u);
  for (const auto& e : r.endpoints) {
    EXPECT_LT(e.loss, 1e-12);
    EXPECT_EQ(e.verdict, Verdict::kDegenerateMinimum) << e.seed << ": " << e.reason;
  }
  EXPECT_EQ(certified_at(r, "connected"), 1);
}

TEST_F(Cases, AStrayCellIsNoClass) {
  const auto ended = end("target_na");
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("NA"), std::string::npos) << ended.err;
}

TEST_F(Cases, SoftLabelsAreNoClasses) {
  const auto ended = end("soft_labels");
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("sigmoid_cross_entropy"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace basin
