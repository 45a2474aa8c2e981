// The landscape suite by the program: resume, tiles, exports, figures.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

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

// A run in a second: a classifier with held-out data and trajectories.
std::string small_config(const fs::path& folder, const std::string& landscape) {
  const auto file = folder / "small.yaml";
  write_file(
      file,
      "name: small\n"
      "data: {source: moons, samples: 40, noise: 0.2, test_fraction: 0.25}\n"
      "model: {depth: 1, width: 3, activation: tanh}\n"
      "loss: {kind: logistic, weight_decay: 1e-2}\n"
      "ensemble: {seeds: 12, learning_rate: 0.05, steps: 100, trajectory_every: 5}\n" +
          landscape);
  return file.string();
}

constexpr const char* kThree =
    "landscape:\n"
    "  - {name: plane, directions: filter, points: 21, range_y: [-0.5, 0.5], "
    "curvature: 5, quadratic: 0.1}\n"
    "  - {name: line, kind: line, directions: random, points: 31}\n"
    "  - {name: training, directions: trajectory, points: 11, overlay: [trajectories, "
    "minima]}\n"
    "curvature: {at: [every, 'seed:3', 'slice:plane:0.5:-0.2'], batches: 2, batch: "
    "8}\n";

TEST(Landscape, ExportsWhatNumPyHdf5AndVtkRead) {
  if (!python_has("numpy, h5py, vtkmodules"))
    GTEST_SKIP() << "python3-numpy, python3-h5py or python3-vtk9 is not installed";
  const Folder folder;
  const auto out = folder.path().string();
  ASSERT_EQ(run_program({small_config(folder.path(), kThree), "--out", out}).code, 0);
  ASSERT_EQ(failed_export("small",
                          out,
                          {{"npz", "arrays.npz"},
                           {"npy", "npy"},
                           {"hdf5", "hdf5"},
                           {"vtk", "vtk"},
                           {"csv", "csv"}}),
            "");
  const auto command =
      fmt::format("/usr/bin/python3 {}/tests/cli/read_exports.py {}", BASIN_ROOT, out);
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// Of all certified minima by rank of loss, the first and the last among them.
TEST(Landscape, MeasuresAtMostSoManyCertifiedMinima) {
  const Folder folder;
  const auto file = (folder.path() / "many.yaml").string();
  write_file(file,
             "name: many\n"
             "data: {source: moons, samples: 40, noise: 0.2}\n"
             "model: {depth: 2, width: 3, activation: tanh}\n"
             "loss: {kind: mse, weight_decay: 1e-3}\n"
             "ensemble: {seeds: 30, learning_rate: 0.03, steps: 400}\n"
             "curvature: {at: [certified], minima: 3, directions: 2}\n");
  const auto out = folder.path().string();
  ASSERT_EQ(run_program({file, "--out", out}).code, 0);
  const auto tables = only_run(folder.path(), "many-") / "tables";
  const auto first_cells = [&](const char* name) {
    std::vector<std::string> cells;
    std::istringstream text(read_file(tables / name, 1 << 24));
    for (std::string line; std::getline(text, line);)
      cells.push_back(line.substr(0, line.find(',')));
    return cells;
  };
  const auto all = first_cells("minima.csv"), points = first_cells("curvature.csv");
  ASSERT_GT(all.size(), 5u);
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[1], "minimum " + all[1]);
  EXPECT_EQ(points[3], "minimum " + all.back());
}

TEST(Landscape, WritesFiguresThatRsvgConverts) {
  if (std::system("rsvg-convert --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "librsvg2-bin is not installed";
  const Folder folder;
  const auto out = folder.path().string();
  ASSERT_EQ(run_program({small_config(folder.path(), kThree), "--out", out}).code, 0);
  const auto run = only_run(folder.path(), "small-");
  for (const std::string to : {"png", "pdf"}) {
    ASSERT_EQ(run_program({"export", "small", "--out", out, "--to", to}).code, 0);
    for (const char* name : {"slice_plane",
                             "surface_plane",
                             "curvature_plane",
                             "slice_line",
                             "slice_training",
                             "density",
                             "quadratic_radius"}) {
      const auto bytes =
          read_file(run / "figures" / (std::string(name) + "." + to), 1 << 24);
      EXPECT_EQ(bytes.substr(0, 4), to == "png" ? "\x89PNG" : "%PDF") << name;
    }
  }
  // Figures for papers use no CSS that renderers do not know.
  EXPECT_EQ(read_file(run / "figures/slice_plane.svg", 1 << 24).find("var("),
            std::string::npos);
}

TEST(Landscape, EndsWithTheSameTablesAfterBeingKilled) {
  const Folder whole, killed;
  const std::string large =
      "landscape:\n"
      "  - {name: plane, directions: filter, points: 401}\n"
      "  - {name: map, directions: random, points: 11, curvature: 41}\n"
      "curvature: {at: [every]}\n";
  const auto config = small_config(whole.path(), large);
  ASSERT_EQ(run_program({config, "--out", whole.path().string()}).code, 0);
  int kills = 0;
  for (int ms : {100, 200, 300, 400, 500, 600, 800, 1000})
    kills +=
        run_program({config, "--out", killed.path().string()}, {.after_ms = ms}).code !=
        0;
  EXPECT_GT(kills, 0);
  ASSERT_EQ(run_program({config, "--out", killed.path().string()}).code, 0);
  EXPECT_EQ(tables_of(only_run(whole.path(), "small-")),
            tables_of(only_run(killed.path(), "small-")));
}

TEST(Landscape, GivesTheSameTablesOnOneAndTwoThreads) {
  const Folder one, two;
  const auto config = small_config(one.path(), kThree);
  ASSERT_EQ(run_program({config, "--out", one.path().string(), "--threads", "1"}).code,
            0);
  ASSERT_EQ(run_program({config, "--out", two.path().string(), "--threads", "2"}).code,
            0);
  EXPECT_EQ(tables_of(only_run(one.path(), "small-")),
            tables_of(only_run(two.path(), "small-")));
}

TEST(Landscape, CountsTheMinimaAlongALineExactly) {
  const Folder folder;
  const auto config = small_config(
      folder.path(),
      "landscape: [{name: line, kind: line, directions: random, points: 31}]\n");
  const auto ended = run_program({config,
                                  "--out",
                                  folder.path().string(),
                                  "--set",
                                  "model.activation=relu",
                                  "--set",
                                  "loss.kind=mse"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_NE(ended.out.find("line: local minima along the line: "), std::string::npos);
  EXPECT_NE(ended.out.find("(exact, "), std::string::npos);
  const auto run = only_run(folder.path(), "small-");
  EXPECT_NE(read_file(run / "tables/extrema.csv", 1 << 20).find("line,exact,minimum,"),
            std::string::npos);
}

TEST(Landscape, RefusesDirectionsThatDoNotFit) {
  const Folder folder;
  const auto config =
      small_config(folder.path(), "landscape: [{directions: file, file: d.npy}]\n");
  const auto refused = [&](const std::string& bytes, const std::string& why) {
    write_file(folder.path() / "d.npy", bytes);
    const auto ended =
        run_program({config, "--out", (folder.path() / "runs").string()});
    EXPECT_EQ(ended.code, 2);
    EXPECT_NE(ended.err.find(why), std::string::npos) << ended.err;
    EXPECT_FALSE(fs::exists(folder.path() / "runs"));
  };
  refused("no array", "expected a NumPy array");
  // 13 parameters; two are given.
  std::string two = "\x93NUMPY\x01";
  two += std::string("\0\x46\0", 3);
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
  header += std::string(70 - header.size() - 1, ' ') + "\n";
  refused(two + header + std::string(16, '\x3f'),
          "landscape[0].file: expected rows of 13 numbers");
}

TEST(Landscape, SaysWhichSliceCannotBeDrawnAndDoesTheRest) {
  const Folder folder;
  const auto config = small_config(
      folder.path(),
      "landscape:\n  - {name: far, directions: minima, minima: [0, 1, 500]}\n"
      "  - {name: near, directions: filter, points: 5}\n");
  ASSERT_EQ(run_program({config, "--out", folder.path().string()}).code, 0);
  const auto run = only_run(folder.path(), "small-");
  const auto page = read_file(run / "report.html", 1 << 26);
  EXPECT_NE(page.find("far: not drawn, it needs 501 minima"), std::string::npos);
  EXPECT_TRUE(fs::exists(run / "figures/slice_near.svg"));
}

}  // namespace
}  // namespace basin
