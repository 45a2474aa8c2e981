#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/file.h"
#include "store/json_values.h"
#include "store/npy.h"
#include "store/results.h"
#include "support/folder.h"
#include "support/networks.h"

namespace basin {
namespace {

using testing::same_bits;

SliceFrame frame(int64_t n) {
  SliceFrame f{.name = "s", .series = "s", .recipe = "made by hand"};
  f.origin = f.u = f.v = at::zeros({3}, torch::kFloat64);
  f.x = at::arange(n, torch::kFloat64);
  f.y = at::arange(n, torch::kFloat64) * 10;
  f.marks = {{.label = "a <b>", .x = 0.1, .y = 1.0 / 3, .away = 2, .saddle = true}};
  f.marks[0].loss = 1.0 / 7;
  f.paths = {{.label = "training",
              .x = {0.1, 0.2},
              .y = {1.0 / 3, 2},
              .away = {0, 1.0 / 3},
              .loss = {std::numeric_limits<double>::infinity(), 1.0 / 7},
              .plane_loss = {1, 2}}};
  return f;
}

TEST(StoredSlices, ReadBackWhatWasSavedInAnyOrderAndThinned) {
  const testing::Folder folder;
  Results results(folder.path(), Database::Mode::kWrite);
  const auto f = frame(7);
  const auto loss = testing::normal({7, 7}, 1);
  results.begin_slice(f, "");
  EXPECT_FALSE(results.has_slice("s"));
  for (const int64_t first : {4, 0}) {
    const auto rows = loss.narrow(0, first, first == 0 ? 4 : 3);
    results.save_tile("s", first, {.loss = rows, .plain_loss = rows, .accuracy = rows});
  }
  EXPECT_EQ(results.tiles_done("s"), (std::set<int64_t>{0, 4}));
  EXPECT_TRUE(results.load_slices(100).empty());
  LineExtrema extrema{.method = ExtremaMethod::kExact, .kinks = 3};
  extrema.points = {{.kind = ExtremumKind::kMaximum,
                     .t = 1.0 / 3,
                     .end = 0.5,
                     .loss = 2,
                     .kink = true}};
  results.finish_slice("s", extrema);
  const auto all = results.load_slices(100).at(0);
  EXPECT_TRUE(same_bits(all.values.loss, loss));
  EXPECT_FALSE(all.values.held_out_loss.defined());
  EXPECT_EQ(all.frame.marks.at(0).y, 1.0 / 3);
  EXPECT_TRUE(all.frame.marks.at(0).saddle);
  EXPECT_EQ(all.frame.marks.at(0).loss, 1.0 / 7);
  EXPECT_TRUE(std::isnan(all.frame.marks.at(0).slice_loss));
  EXPECT_EQ(all.frame.paths.at(0).x, f.paths[0].x);
  EXPECT_EQ(all.frame.paths.at(0).away, f.paths[0].away);
  EXPECT_TRUE(std::isnan(all.frame.paths.at(0).loss.at(0)));  // no number in JSON
  EXPECT_EQ(all.frame.paths.at(0).loss.at(1), 1.0 / 7);
  EXPECT_EQ(all.frame.paths.at(0).plane_loss, f.paths[0].plane_loss);
  EXPECT_EQ(all.extrema.points.at(0).t, 1.0 / 3);
  EXPECT_EQ(all.extrema.points.at(0).kind, ExtremumKind::kMaximum);
  const auto thin = results.load_slices(3).at(0);
  EXPECT_EQ(thin.stride, 3);
  EXPECT_TRUE(same_bits(thin.values.loss,
                        loss.slice(0, 0, 7, 3).slice(1, 0, 7, 3).contiguous()));
  EXPECT_EQ(thin.frame.y[2].item<double>(), 60);
}

TEST(JsonValues, ReadOverlaysOfAProgramThatDidNotKnowTheDistance) {
  SliceFrame f;
  read_overlay(R"({"marks":[{"label":"0","x":0,"y":0,"away":0,"saddle":false}],)"
               R"("paths":[{"label":"training","x":[1],"y":[2]}]})",
               f);
  EXPECT_TRUE(std::isnan(f.marks.at(0).loss));
  EXPECT_TRUE(f.paths.at(0).away.empty());
}

TEST(JsonValues, KeepCurvatureBitForBitAndRefuseDamage) {
  PointCurvature p{
      .point = "minimum 0", .gauge = "stored", .loss = 1.0 / 3, .complete = true};
  p.largest = {{1.0 / 7, 1e-300}};
  p.trace = std::numeric_limits<double>::quiet_NaN();
  p.layers = {{"layer0", -1, 2, 3}};
  p.batches.push_back({.loss = 0.1});
  p.batches[0].radii.random = {{2.5, RadiusEnd::kAtLeast}};
  const auto back = read_curvature(curvature_json({p})).at(0);
  EXPECT_EQ(back.loss, 1.0 / 3);
  EXPECT_EQ(back.largest.at(0).residual, 1e-300);
  EXPECT_TRUE(std::isnan(back.trace));
  EXPECT_EQ(back.layers.at(0).name, "layer0");
  EXPECT_EQ(back.batches.at(0).radii.random.at(0).end, RadiusEnd::kAtLeast);
  EXPECT_THROW(read_curvature("{\"gauges\": [{}]}"), StorageError);
  EXPECT_THROW(read_curvature("no"), StorageError);
}

TEST(Npy, ReadsWhatItWroteAndRefusesTheRest) {
  const testing::Folder folder;
  const auto a = testing::normal({2, 5}, 1);
  const auto file = folder.path() / "a.npy";
  write_file(file, npy_bytes(a));
  EXPECT_TRUE(same_bits(read_npy(file, 1 << 20), a));
  const auto good = npy_bytes(a);
  const auto refuse = [&](std::string bytes) {
    write_file(file, bytes);
    EXPECT_THROW(read_npy(file, 1 << 20), InputError);
  };
  refuse("");
  refuse("not numpy at all");
  refuse(good.substr(0, good.size() - 8));
  refuse(good + "12345678");
  auto object = good;
  object.replace(object.find("<f8"), 3, "|O8");
  refuse(object);
  auto huge = good;
  huge.replace(huge.find("(2,5,)"), 6, "(999999999,)");
  refuse(huge);
  auto long_header = good;
  long_header[8] = '\xff';
  long_header[9] = '\xff';
  refuse(long_header);
  EXPECT_THROW(read_npy(file, 16), InputError);
}

}  // namespace
}  // namespace basin
