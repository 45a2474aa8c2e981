#include <fmt/format.h>

#include <algorithm>

#include "config/decode.h"

namespace basin {
namespace {

int line_of(const YamlNode& tree, const std::string& section, const std::string& key) {
  const auto* node = tree.find(section);
  if (node == nullptr) return std::max(1, tree.line);
  const auto* value = node->find(key);
  return value != nullptr ? value->line : node->line;
}

}  // namespace

void check_spec(const YamlNode& tree, const Spec& spec, Complaints& complaints) {
  const auto complain = [&](const char* section,
                            const char* key,
                            const std::string& text) {
    complaints.add(line_of(tree, section, key), std::string(section) + "." + key, text);
  };
  const auto& d = spec.data;
  const auto& m = spec.model;
  if (!m.widths.empty() && static_cast<int64_t>(m.widths.size()) != m.depth) {
    complain("model",
             "widths",
             fmt::format("expected {} values, one a hidden layer (depth), came {}",
                         m.depth,
                         m.widths.size()));
  }
  const bool from_file = d.source == DataSource::kCsv || d.source == DataSource::kIdx;
  if (from_file && d.file.empty()) {
    complain(
        "data", "file", "expected the path of a file for this source, came nothing");
  }
  if (d.source == DataSource::kIdx && d.labels.empty()) {
    complain("data", "labels", "expected the path of a label file, came nothing");
  }
  if (d.samples * std::max({d.inputs, d.teacher_width, d.features}) > 250'000'000) {
    complain(
        "data", "samples", "expected at most 2.5e8 numbers in all (samples × inputs)");
  }
  const auto classes =
      d.source == DataSource::kBlobs || d.source == DataSource::kSpirals ? d.classes
                                                                         : 1;
  if (d.samples < classes) {
    complain(
        "data",
        "samples",
        fmt::format("expected at least {}, one a class, came {}", classes, d.samples));
  }
  if (d.coefficients.empty()) {
    complain(
        "data", "coefficients", "expected at least one number, came an empty list");
  }
  if (d.source == DataSource::kGaussianPopulation) {
    const auto only =
        [&](bool holds, const char* section, const char* key, const char* what) {
          if (!holds)
            complain(
                section, key, fmt::format("expected {} for gaussian_population", what));
        };
    only(d.features == 0, "data", "features", "0");
    only(m.depth == 1, "model", "depth", "1");
    only(m.activation == Elementwise::kRelu, "model", "activation", "relu");
    only(m.output_activation == Elementwise::kIdentity,
         "model",
         "output_activation",
         "identity");
    only(spec.loss.kind == LossKind::kMse, "loss", "kind", "mse");
    only(spec.loss.weight_decay == 0, "loss", "weight_decay", "0");
    only(spec.train.batch == 0,
         "ensemble",
         "batch",
         "0 (an expectation has no mini-batches)");
    only(d.test_fraction == 0 && d.subset == 0,
         "data",
         "test_fraction",
         "0, and no subset,");
    only(d.standardize == Standardize::kNone, "data", "standardize", "none");
    only(d.inputs <= 200 && m.width <= 400,
         "data",
         "inputs",
         "at most 200 inputs and 400 units");
  }
  if (spec.until.coverage > 0 && spec.until.max_seeds < spec.seeds) {
    complain("ensemble",
             "until",
             fmt::format("max_seeds: expected at least ensemble.seeds ({}), came {}",
                         spec.seeds,
                         spec.until.max_seeds));
  }
  const auto& c = spec.connectivity;
  if (c.max_images < c.images) {
    complain(
        "connectivity",
        "max_images",
        fmt::format("expected at least images ({}), came {}", c.images, c.max_images));
  }
  if (c.minima == 1) {
    complain("connectivity", "minima", "expected 0 or at least 2, came 1");
  }
  check_landscape(tree, spec, complaints);
}

}  // namespace basin
