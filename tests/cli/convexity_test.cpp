// Boxes and witnesses of whole runs, and what `verify` says of forged ones.

#include <gtest/gtest.h>

#include "core/file.h"
#include "store/database.h"
#include "store/results.h"
#include "support/folder.h"
#include "support/program.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using testing::only_run;
using testing::run_program;

class ConvexityRun : public ::testing::Test {
 protected:
  fs::path run(const std::string& config, const std::vector<std::string>& changes) {
    testing::run_config(config, folder_.path(), testing::settings(changes));
    return only_run(folder_.path(), "");
  }

  // verify's exit code after each change, every change undone.
  void expect_all_caught(const fs::path& run, const std::vector<std::string>& changes) {
    const auto file = run / "results.sqlite";
    const auto kept = read_file(file, 1 << 26);
    EXPECT_EQ(run_program({"verify", run.string(), "--quiet"}).code, 0);
    for (const auto& sql : changes) {
      SCOPED_TRACE(sql);
      {
        Database database(file, Database::Mode::kWrite);
        database.execute(sql);
      }
      EXPECT_EQ(run_program({"verify", run.string(), "--quiet"}).code, 3);
      write_file(file, kept);
    }
  }

  testing::Folder folder_;
};

TEST_F(ConvexityRun, EveryMinimumOfXorHasABoxAndNoForgedNumberPasses) {
  const auto folder = run("xor_tanh.yaml", {"landscape=[]", "convexity.boxes=10"});
  {
    Results results(folder, Database::Mode::kRead);
    const auto minima = results.load_minima();
    const auto boxes = results.load_boxes();
    EXPECT_EQ(minima.size(), 6u);
    ASSERT_EQ(boxes.size(), 6u);
    for (const auto& [id, box] : boxes) {
      EXPECT_TRUE(box.unique_minimum()) << id << " " << box.problem;
      EXPECT_GT(box.curvature, 0);
    }
  }
  std::vector<std::string> changes{
      "UPDATE boxes SET problem = 'x' WHERE minimum = 1",
      "UPDATE boxes SET minimum = 7 WHERE minimum = 1",
      "UPDATE convexity SET verdict = 0",
      "UPDATE convexity SET verdict = 3",
      "UPDATE convexity SET b = a",
      "UPDATE convexity SET t = t * 1.001",
      "UPDATE convexity SET a = CAST(substr(a, 1, 16) || x'0102030405060708' || "
      "substr(a, 25) AS BLOB)"};
  for (const std::string column : {"radius", "curvature", "gradient", "margin"}) {
    changes.push_back("UPDATE boxes SET " + column + " = " + column +
                      " * (1 + 2.3e-16) WHERE minimum = 4");
  }
  for (const std::string column : {"excess_left", "excess_right"})
    changes.push_back("UPDATE convexity SET " + column + " = " + column +
                      " * 1.000001");
  changes.push_back("UPDATE convexity SET error = error * 2");
  expect_all_caught(folder, changes);
}

TEST_F(ConvexityRun, AReluLayerHasADualBoundThatIsCheckedToo) {
  const auto folder = run("validation/relu_kinks.yaml",
                          {"ensemble.seeds=6", "data.samples=60", "sweep={}"});
  Results results(folder, Database::Mode::kRead);
  const auto convexity = results.load_convexity();
  ASSERT_TRUE(convexity && convexity->dual_minimum >= 0);
  EXPECT_TRUE(convexity->dual.exact);
  EXPECT_GE(convexity->dual.ratio, 1 - 1e-6);  // a minimum of a fixed width
  expect_all_caught(folder,
                    {"UPDATE convexity SET dual_lower = dual_lower * 1.000001",
                     "UPDATE convexity SET dual_ratio = dual_ratio * 1.000001",
                     "UPDATE convexity SET dual_exact = 1 - dual_exact"});
}

}  // namespace
}  // namespace basin
