// The graph of minima by the program: resume, exports, what it says of bad input.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "core/file.h"
#include "support/folder.h"
#include "support/program.h"

namespace basin {
namespace {

namespace fs = std::filesystem;
using testing::failed_export;
using testing::Folder;
using testing::only_run;
using testing::python_has;
using testing::run_program;
using testing::tables_of;

// The six minima of XOR and how they are joined, in a few seconds.
std::string xor_config(const fs::path& folder, const std::string& more) {
  const auto file = folder / "graph.yaml";
  write_file(file,
             "name: graph\n"
             "data: {source: xor, samples: 4}\n"
             "model: {depth: 1, width: 2, activation: tanh, init: normal}\n"
             "loss: {weight_decay: 1e-2}\n"
             "ensemble: {seeds: 60, learning_rate: 0.05, steps: 300}\n" +
                 more);
  return file.string();
}

constexpr const char* kGraph =
    "minima: {explore: basin_hopping, hops: 6}\n"
    "connectivity: {minima: 20, extra: 8, curve: bezier}\n";

TEST(Graph, EndsWithTheSameTablesAfterBeingKilledAndForAnyThreads) {
  const Folder whole, killed;
  const auto config =
      xor_config(whole.path(),
                 "minima: {explore: basin_hopping, hops: 6}\n"
                 "connectivity: {minima: 20, variants: 8, extra: 24}\n");
  const auto first = run_program({config, "--out", whole.path().string()});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_NE(first.out.find("certified saddles of index 1"), std::string::npos);
  int kills = 0;
  for (const int ms : {700, 1000, 1300, 1600}) {
    kills += run_program({config, "--out", killed.path().string(), "--threads", "1"},
                         {.after_ms = ms})
                 .code != 0;
  }
  EXPECT_GE(kills, 3);
  const auto last =
      run_program({config, "--out", killed.path().string(), "--threads", "1"});
  ASSERT_EQ(last.code, 0) << last.err;
  const auto a = tables_of(only_run(whole.path(), "graph-"));
  const auto b = tables_of(only_run(killed.path(), "graph-"));
  ASSERT_EQ(a.size(), b.size());
  bool joins = false;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i], b[i]);
    joins = joins || a[i].first.find("joins.csv") != std::string::npos;
  }
  EXPECT_TRUE(joins);
}

TEST(Graph, ExportsWhatThePeersRead) {
  if (!python_has("numpy, sqlite3")) GTEST_SKIP() << "python3-numpy is not installed";
  const Folder folder;
  const auto out = folder.path().string();
  ASSERT_EQ(run_program({xor_config(folder.path(), kGraph), "--out", out}).code, 0);
  ASSERT_EQ(failed_export("graph",
                          out,
                          {{"pele", "pele.sqlite"},
                           {"pathsample", "pathsample"},
                           {"topsearch", "topsearch"},
                           {"csv", "csv"}}),
            "");
  const auto command =
      fmt::format("/usr/bin/python3 {}/tests/cli/read_graph.py {}", BASIN_ROOT, out);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Graph, IsNotExportedWhereThereIsNone) {
  const Folder folder;
  testing::run_config("smoke/xor_tanh.yaml",
                      folder.path(),
                      testing::settings({"name=bare", "connectivity={}"}));
  const auto run = only_run(folder.path(), "bare-");
  for (const std::string to : {"pele", "pathsample", "topsearch"}) {
    const auto place = folder.path() / to;
    const auto ended =
        run_program({"export", run.string(), "--to", to, "--dest", place.string()});
    EXPECT_EQ(ended.code, 2) << to;
    EXPECT_NE(ended.err.find("connectivity"), std::string::npos) << ended.err;
    EXPECT_FALSE(std::filesystem::exists(place)) << to;
  }
}

TEST(Graph, JudgesTheMinimaOfOthers) {
  const Folder folder;
  const auto out = folder.path().string();
  const auto config = xor_config(folder.path(), kGraph);
  ASSERT_EQ(run_program({config, "--out", out}).code, 0);
  for (const std::string to : {"pathsample", "topsearch"}) {
    const auto place = out + "/" + to;
    ASSERT_EQ(failed_export("graph", out, {{to, to}}), "");
    const auto points = place + (to == "pathsample" ? "/points.min" : "/min.coords");
    const auto judged = run_program({"import",
                                     config,
                                     "--points",
                                     points,
                                     "--energies",
                                     place + "/min.data",
                                     "--dest",
                                     place + "/judged.csv"});
    EXPECT_EQ(judged.code, 0) << judged.err;
    // Six, or a seventh that rounding decides whether a flow finds.
    const auto csv = read_file(place + "/judged.csv", 1 << 20);
    const auto count = std::count(csv.begin(), csv.end(), '\n') - 1;
    EXPECT_TRUE(count == 6 || count == 7) << count;
    EXPECT_NE(
        judged.out.find(fmt::format(
            "{0} of {0} points are certified minima as they are, {0} of them", count)),
        std::string::npos)
        << judged.out;
  }
  // A saddle is told from a minimum, and wrong files are told line by line.
  const auto saddles =
      run_program({"import", config, "--points", out + "/topsearch/ts.coords"});
  // How many of the saddles are found depends on rounding.
  EXPECT_NE(saddles.out.find("\n0 of "), std::string::npos) << saddles.out;
  EXPECT_NE(saddles.out.find("points are certified"), std::string::npos);
  write_file(folder.path() / "wrong.coords", "1 2 3\n1 2 3 4 5 6 7 8 nan\n");
  const auto wrong = run_program(
      {"import", config, "--points", (folder.path() / "wrong.coords").string()});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find(":1: expected 9 numbers"), std::string::npos) << wrong.err;
  EXPECT_NE(wrong.err.find(":2: expected a finite number, came 'nan'"),
            std::string::npos);
}

TEST(Graph, IsVerifiedFromTheFolderAlone) {
  if (!python_has("sqlite3")) GTEST_SKIP() << "python3 is not installed";
  const Folder folder;
  const auto out = folder.path().string();
  ASSERT_EQ(run_program({xor_config(folder.path(), kGraph), "--out", out}).code, 0);
  const auto good = run_program({"verify", "graph", "--out", out});
  EXPECT_EQ(good.code, 0) << good.out << good.err;
  EXPECT_NE(good.out.find(" nodes and the flows from"), std::string::npos);
  // An edge that names another minimum, and a saddle moved in its fifth digit.
  const auto database = (only_run(folder.path(), "graph-") / "results.sqlite").string();
  const auto python = [&](const std::string& statement) {
    return std::system(
        fmt::format("/usr/bin/python3 -c \"import sqlite3; "
                    "d=sqlite3.connect('{}'); d.execute('{}'); d.commit()\"",
                    database,
                    statement)
            .c_str());
  };
  ASSERT_EQ(python("UPDATE edges SET b = 5 - b % 2 WHERE edge = 0"), 0);
  const auto wrong_edge = run_program({"verify", "graph", "--out", out});
  EXPECT_EQ(wrong_edge.code, 3);
  EXPECT_NE(wrong_edge.out.find("graph: saddle 0: the flow from it ends at"),
            std::string::npos)
      << wrong_edge.out;
  ASSERT_EQ(python("UPDATE saddles SET loss = loss * 1.00001 WHERE seed = 1"), 0);
  const auto wrong_loss = run_program({"verify", "graph", "--out", out});
  EXPECT_NE(wrong_loss.out.find("graph: saddle 1:"), std::string::npos)
      << wrong_loss.out;
}

TEST(Graph, SaysWhatItCannotJoinAndDoesTheRest) {
  const Folder folder;
  // One minimum only: a linear model.
  const auto file = folder.path() / "one.yaml";
  write_file(file,
             "name: one\n"
             "data: {source: sine, samples: 12}\n"
             "model: {depth: 0}\n"
             "loss: {weight_decay: 1e-2}\n"
             "ensemble: {seeds: 5, steps: 50}\n"
             "connectivity: {minima: 4}\n"
             "landscape: [{name: line, kind: line, directions: random, points: 11}]\n");
  const auto ended = run_program({file.string(), "--out", folder.path().string()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.err.find("connectivity: needs 2 minima, there is 1"),
            std::string::npos);
  EXPECT_NE(ended.out.find("line:"), std::string::npos);
}

TEST(Graph, RefusesWrongOptionsAllAtOnce) {
  const Folder folder;
  const auto ended = run_program(
      {xor_config(
           folder.path(),
           "minima: {explore: hopping}\n"
           "connectivity: {minima: 1, images: 30, max_images: 9, curve: spline}\n"),
       "--out",
       folder.path().string()});
  EXPECT_EQ(ended.code, 2);
  for (const char* text : {"basin_hopping", "at least 2", "at least images", "bezier"})
    EXPECT_NE(ended.err.find(text), std::string::npos) << text << ended.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace basin
