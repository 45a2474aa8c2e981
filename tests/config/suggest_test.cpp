#include "config/suggest.h"

#include <gtest/gtest.h>

#include "config/decode.h"
#include "config/read.h"
#include "config/synonyms.h"
#include "config/table.h"
#include "support/complaints.h"

namespace basin {
namespace {

using testing::complaints;

void expect_meant(const std::string& yaml, const std::string& meant) {
  const auto text = complaints(yaml);
  EXPECT_NE(text.find("did you mean '" + meant + "'"), std::string::npos)
      << yaml << "\n  gave\n"
      << text;
}

TEST(Suggestions, AWordOfAnotherProgramComesBeforeTheNearestSpelling) {
  for (const auto& [written, meant] : std::vector<std::pair<std::string, std::string>>{
           {"loss: {kind: mae}", "absolute"},
           {"loss: {kind: l1}", "absolute"},
           {"loss: {kind: l2}", "mse"},
           {"loss: {kind: MSE}", "mse"},
           {"loss: {kind: ce}", "cross_entropy"},
           {"loss: {kind: nll}", "cross_entropy"},
           {"loss: {kind: bce}", "logistic' or 'sigmoid_cross_entropy"},
           {"loss: {type: mse}", "kind"},
           {"loss: {l2: 0.1}", "weight_decay"},
           {"data: {source: mnist}", "idx"},
           {"data: {source: cifar}", "idx' or 'csv"},
           {"data: {csv_file: a.csv}", "file"},
           {"data: {sep: ';'}", "delimiter"},
           {"model: {activation: lrelu}", "leaky_relu"},
           {"model: {activation: swish}", "silu"},
           {"model: {activation: Leaky-ReLU}", "leaky_relu"},
           {"model: {layers: 2}", "depth' or 'widths"},
           {"model: {hidden: 2}", "width' or 'widths"},
           {"model: {lr: 0.1}", "ensemble.learning_rate"},
           {"ensemble: {lr: 0.1}", "learning_rate"},
           {"ensemble: {epochs: 10}", "steps"},
           {"ensemble: {optimizer: sgd_momentum}", "momentum"},
           {"depth: 3", "model.depth"},
           {"lr: 0.1", "ensemble.learning_rate"},
           {"epochs: 5", "ensemble.steps"},
           {"dept: 3", "model.depth"},
           {"ensembl: {seeds: 3}", "ensemble"},
           {"sweep: {depth: [1, 2]}", "model.depth"},
           {"sweep: {lr: [1, 2]}", "ensemble.learning_rate"}}) {
    expect_meant(written, meant);
  }
  EXPECT_EQ(complaints("seed: 1", {"depth=3"}),
            "--set: depth: unknown key, did you mean 'model.depth'?");
  EXPECT_EQ(suggestion("quux", {"absolute", "mse"}), "");
}

// A renamed key or word must not leave a synonym that nothing knows.
TEST(Suggestions, EverySynonymMeansAWordOfTheConfig) {
  Spec spec;
  SliceOptions slice;
  std::vector<std::string> words;
  const auto take = [&](const std::vector<Field>& fields) {
    for (const auto& field : fields) {
      words.push_back(field.key);
      words.insert(words.end(), field.words.begin(), field.words.end());
      if (const auto* choice = std::get_if<Choice>(&field.target))
        words.insert(words.end(), choice->names.begin(), choice->names.end());
    }
  };
  for (const auto& section : describe(spec)) {
    words.push_back(section.key);
    take(section.fields);
  }
  take(describe(slice));
  words.push_back("landscape");
  const auto meant = synonym_targets();
  EXPECT_GT(meant.size(), 50u);
  for (const auto& word : meant)
    EXPECT_NE(std::find(words.begin(), words.end(), word), words.end()) << word;
}

TEST(Complaints, SayHowManyMoreThereAre) {
  std::string yaml = "model:\n";
  for (int i = 0; i < 60; ++i) yaml += fmt::format("  zzzzzzzz{}: 1\n", i);
  const auto text = complaints(yaml);
  EXPECT_NE(text.find("\nand 10 more"), std::string::npos) << text;
}

}  // namespace
}  // namespace basin
