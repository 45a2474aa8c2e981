#include "config/read.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "config/table.h"
#include "config/write.h"
#include "support/complaints.h"

namespace basin {
namespace {

using testing::complaints;

void expect_complaint(const std::string& yaml, const std::string& part) {
  const auto text = complaints(yaml);
  EXPECT_NE(text.find(part), std::string::npos) << yaml << "\n  gave\n" << text;
}

TEST(Config, KeepsTheDefaultOfAKeyLeftOut) {
  const auto spec = parse_experiment("model: {depth: 3}", "t.yaml").spec;
  EXPECT_EQ(spec.model.depth, 3);
  EXPECT_EQ(spec.model.width, ModelOptions{}.width);
}

TEST(Config, ReportsEveryFaultAtOnceWithItsPlace) {
  EXPECT_EQ(
      complaints("model:\n  dept: 3\n  width: wide\nensemble:\n  seeds: 0\n  "
                 "optimizer: adm\n"),
      "t.yaml:2: model.dept: unknown key, did you mean 'depth'?\n"
      "t.yaml:3: model.width: expected a whole number from 1 to 100000, came 'wide'\n"
      "t.yaml:5: ensemble.seeds: expected a whole number from 1 to 10000000, came "
      "'0'\n"
      "t.yaml:6: ensemble.optimizer: expected one of sgd, momentum, nesterov, adam, "
      "adamw, lbfgs, came 'adm', did you mean 'adam'?");
}

TEST(Config, RefusesWhatDoesNotGoTogether) {
  expect_complaint("model:\n  depth: 2\n  widths: [3]\n",
                   "t.yaml:3: model.widths: expected 2");
  expect_complaint("data: {source: csv}", "data.file: expected the path");
  expect_complaint("data: {source: idx, file: x}", "data.labels: expected the path");
  expect_complaint("landscape: [{range: [1, 0]}]", "landscape[0].range: expected two");
  expect_complaint("landscape: [{directions: axes}]",
                   "landscape[0].axes: expected 2 entries");
  expect_complaint("landscape: [{kind: line, directions: minima, minima: [1]}]",
                   "landscape[0].minima: expected 2");
  expect_complaint("landscape: [{directions: minima, minima: [0, 1, 1]}]",
                   "landscape[0].minima: expected different minima");
  expect_complaint("landscape: [{directions: [filter, filtre]}]",
                   "landscape[0].directions[1]: expected one of random, ");
  expect_complaint("landscape: [{kind: line, directions: [filter, random]}]",
                   "landscape[0].directions: expected one word");
  expect_complaint("landscape: [{directions: filter, center: zero}]",
                   "landscape[0].directions: expected random");
  expect_complaint(
      "landscape: [{directions: trajectory}]",
      "landscape[0].directions: expected ensemble.trajectory_every above 0");
  expect_complaint("landscape: [{directions: eigenvectors, eigenvectors: [1, 1]}]",
                   "landscape[0].eigenvectors: expected two different");
  expect_complaint("landscape: [{colour_limits: [1]}]",
                   "landscape[0].colour_limits: expected two losses");
  expect_complaint("landscape: [{colour_limits: [2, 1]}]",
                   "landscape[0].colour_limits: expected two losses");
  expect_complaint("landscape: [{scale: log, colour_limits: [-2, -1]}]",
                   "landscape[0].colour_limits: expected an upper end above 0");
  expect_complaint("landscape: [{kind: line, colour_limits: [1, 2]}]",
                   "landscape[0].colour_limits: expected none on a line");
  expect_complaint("landscape: [{directions: file}]", "landscape[0].file: expected");
  expect_complaint("landscape: [{points: 1000000}]",
                   "landscape[0].points: expected a whole number from 2 to 100001");
  expect_complaint("landscape: [{points: 2002}]", "expected at most 2001 on a plane");
  expect_complaint("curvature: {at: [seed17]}", "curvature.at: expected best");
  expect_complaint("landscape: [{name: a}, {name: a}]", "landscape[1].name");
  expect_complaint("data: {source: blobs, samples: 2, classes: 3}", "data.samples");
}

TEST(Config, RefusesHostileYaml) {
  expect_complaint("", "expected a config, came an empty file");
  expect_complaint("- 1", "expected a mapping");
  expect_complaint("just words", "expected a mapping");
  expect_complaint("a: [1, 2", "not YAML");
  expect_complaint("a: 1\n---\nb: 2", "several");
  expect_complaint("seed: 1\nseed: 2", "t.yaml:2: seed: expected each key once");
  expect_complaint("? [a]\n: 1", "expected a word as a key");
  expect_complaint(std::string("a\0b", 3), "binary");
  expect_complaint(std::string((1 << 20) + 1, ' '), "at most 1048576 bytes");
  expect_complaint(std::string(10'000, '['), "nesting");
  expect_complaint("a: *nobody", "t.yaml:1");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += fmt::format(
        "a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  expect_complaint(bomb, "aliases expanded");
}

TEST(Config, TakesOverridesAndBlamesThem) {
  const auto spec =
      parse_experiment("model: {depth: 3}", "t.yaml", {"model.depth=4", "name=x"}).spec;
  EXPECT_EQ(spec.model.depth, 4);
  EXPECT_EQ(spec.name, "x");
  EXPECT_EQ(complaints("", {"model.depth=x"}).substr(0, 19), "--set: model.depth:");
  EXPECT_NE(complaints("", {"nonsense"}).find("key=value"), std::string::npos);
}

TEST(Config, ReadsBackWhatItWrites) {
  const auto spec = parse_experiment(R"(
name: round
data: {source: csv, file: 'a "b".csv', targets: ["x, y", 2], header: "no"}
model: {depth: 2, widths: [3, 4], activation: gelu}
loss: {kind: huber, weight_decay: 1e-7}
landscape: [{kind: line, range: [-0.1, 3]}, {colour_limits: [0, 0.1], directions: minima, overlay: minima, file: d.npy}, {directions: [eigenvectors, filter]}]
sweep: {combine: zip, model.depth: [1, 2], model.widths: [[3], [3, 4]]}
)",
                                     "t.yaml",
                                     {},
                                     "/somewhere")
                        .spec;
  const auto text = to_yaml(spec);
  const auto again = parse_experiment(text, "again.yaml").spec;
  EXPECT_EQ(to_yaml(again), text);
  EXPECT_EQ(again.data.file, "/somewhere/a \"b\".csv");
  EXPECT_EQ(again.loss.weight_decay, 1e-7);
}

TEST(Config, HashesWhatMatters) {
  Spec spec;
  const auto hash = run_hash(spec, "data");
  spec.compute.threads = 7;
  EXPECT_EQ(run_hash(spec, "data"), hash);
  EXPECT_NE(run_hash(spec, "other data"), hash);
  spec.loss.weight_decay = 1e-9;
  EXPECT_NE(run_hash(spec, "data"), hash);
}

TEST(Config, SpreadsASweep) {
  const auto cross = parse_experiment(
      "sweep: {model.depth: [0, 1, 2], model.width: [2, 4]}", "t.yaml");
  ASSERT_EQ(cross.cells.size(), 6u);
  EXPECT_EQ(cross.cells[3].spec.model.depth, 1);
  EXPECT_EQ(cross.cells[3].spec.model.width, 4);
  const auto zip = parse_experiment(
      "sweep: {combine: zip, model.depth: [0, 1], model.width: [2, 4]}", "t.yaml");
  ASSERT_EQ(zip.cells.size(), 2u);
  EXPECT_EQ(zip.cells[1].spec.model.width, 4);
  expect_complaint("sweep: {combine: zip, model.depth: [0, 1], model.width: [2]}",
                   "2 values");
  expect_complaint("sweep: {model.dept: [0]}", "did you mean 'model.depth'");
  expect_complaint("sweep:\n  model.depth: [0, x]", "came 'x'");
  expect_complaint("sweep: {model.depth: 3}", "expected a list");
}

TEST(Config, DescribesEveryKeyInTheSchema) {
  const auto schema = nlohmann::json::parse(json_schema());
  Spec spec;
  for (const auto& section : describe(spec)) {
    auto properties = schema.at("properties");
    std::istringstream words(section.key);
    for (std::string word; std::getline(words, word, '.');) {
      properties = nlohmann::json(properties.at(word).at("properties"));
    }
    for (const auto& field : section.fields) {
      EXPECT_TRUE(properties.contains(field.key)) << field.key;
      EXPECT_FALSE(
          properties.at(field.key).at("description").get<std::string>().empty());
    }
  }
}

}  // namespace
}  // namespace basin
