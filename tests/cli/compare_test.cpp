// `runner compare`: runs side by side.

#include <gtest/gtest.h>

#include <algorithm>

#include "core/file.h"
#include "support/folder.h"
#include "support/program.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using testing::only_run;
using testing::run_program;

class Compare : public ::testing::Test {
 protected:
  // A small run; its folder.
  fs::path run(const std::string& name, std::vector<std::string> changes) {
    changes.push_back("name=" + name);
    testing::run_config(
        "smoke/xor_tanh.yaml", folder_.path(), testing::settings(changes));
    return only_run(folder_.path(), name + "-");
  }
  testing::Ended compare(std::vector<std::string> runs) {
    runs.insert(runs.begin(), "compare");
    runs.insert(runs.end(), {"--out", out()});
    return run_program(runs);
  }
  std::string out() const { return folder_.path().string(); }

  testing::Folder folder_;
};

TEST_F(Compare, PutsRunsSideBySide) {
  const auto a = run("a", {});
  const auto b = run("b", {"model.width=3", "loss.weight_decay=0.03"});
  const auto ended = compare({a.filename().string(), b.string()});
  ASSERT_EQ(ended.code, 0) << ended.err;
  const auto page = only_run(folder_.path(), "compare-");
  const auto csv = read_file(page / "tables/sweep.csv", 1 << 20);
  const auto head = csv.substr(0, csv.find('\n'));
  // The keys in which they differ, no other; then what is compared.
  EXPECT_EQ(head.rfind("name,model.width,loss.weight_decay,", 0), 0u) << head;
  for (const auto* column : {"convexity", "best_share", "lambda_max", "barrier_raw"})
    EXPECT_NE(head.find(column), std::string::npos) << column;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_NE(csv.find("\nb,3,0.03,"), std::string::npos) << csv;
  const auto html = read_file(page / "report.html", 1 << 24);
  EXPECT_NE(html.find("Planes at one scale"), std::string::npos);
  EXPECT_EQ(compare({b.string(), a.string()}).code, 0);  // another order
}

TEST_F(Compare, ShowsTheSamplesThatThereWere) {
  const auto a = run("a", {"data={source: single_sample, x: 1, y: 1}"});
  const auto b = run("b", {"data={source: moons, samples: 30}"});
  ASSERT_EQ(compare({a.string(), b.string()}).code, 0);
  const auto csv =
      read_file(only_run(folder_.path(), "compare-") / "tables/sweep.csv", 1 << 20);
  EXPECT_NE(csv.find("data.samples"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\na,single_sample,1,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("\nb,moons,30,"), std::string::npos) << csv;
  EXPECT_EQ(csv.find("data.turns"), std::string::npos) << csv;
}

TEST_F(Compare, NamesEveryFaultAtOnce) {
  const auto a = run("a", {}).string();
  const auto twice = compare({a, a, "nothing"});
  EXPECT_EQ(twice.code, 2);
  EXPECT_NE(twice.err.find("twice"), std::string::npos) << twice.err;
  EXPECT_NE(twice.err.find("nothing"), std::string::npos) << twice.err;
  const auto one = compare({a});
  EXPECT_EQ(one.code, 2);
  EXPECT_NE(one.err.find("compare"), std::string::npos) << one.err;
  for (const auto& entry : fs::directory_iterator(folder_.path()))
    EXPECT_EQ(entry.path().filename().string().rfind("compare-", 0), std::string::npos);
}

TEST_F(Compare, ASweepWritesTheMeasuresToo) {
  testing::run_config(
      "smoke/depth_sweep.yaml",
      folder_.path(),
      testing::settings({"sweep.model.width=[2]", "sweep.model.depth=[0, 1]"}));
  const auto folder = only_run(folder_.path(), "smoke_depth_sweep-sweep-");
  const auto csv = read_file(folder / "tables/sweep.csv", 1 << 20);
  EXPECT_NE(csv.find("convex (structural)"), std::string::npos) << csv;
  EXPECT_NE(csv.find("non-convex (witness)"), std::string::npos) << csv;
  const auto refused = compare({folder.string(), folder.string()});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("expected a run, came a sweep"), std::string::npos);
}

}  // namespace
}  // namespace basin
