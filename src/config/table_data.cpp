#include "config/table_words.h"

namespace basin {

Section data_section(DataOptions& d) {
  return {
      "data",
      "the samples",
      {{"source",
        choice(d.source,
               {"single_sample",
                "xor",
                "sine",
                "polynomial",
                "blobs",
                "moons",
                "spirals",
                "teacher",
                "csv",
                "idx",
                "iris",
                "wine",
                "breast_cancer",
                "diabetes",
                "digits",
                "gaussian_population"}),
        "synthetic family, file format or built-in set"},
       {"samples", &d.samples, "of a synthetic family", at_least(1, 1e7)},
       {"noise", &d.noise, "standard deviation of Gaussian noise", at_least(0, 1e6)},
       {"inputs",
        &d.inputs,
        "inputs of blobs, teacher and gaussian_population",
        at_least(1, 10'000)},
       {"classes", &d.classes, "classes of blobs and spirals", at_least(2, 1000)},
       {"x", &d.x, "input of single_sample", {-1e6, 1e6}},
       {"y", &d.y, "target of single_sample", {-1e6, 1e6}},
       {"encoding",
        choice(d.encoding, {"plus_minus", "zero_one"}),
        "inputs and targets of xor: -1, 1 or 0, 1"},
       {"frequency", &d.frequency, "sine: y = sin(frequency x)", {-1e6, 1e6}},
       {"coefficients",
        &d.coefficients,
        "polynomial: constant term first",
        {-1e6, 1e6}},
       {"spread", &d.spread, "standard deviation of a blob", at_least(0, 1e6)},
       {"turns", &d.turns, "turns of a spiral", at_least(0, 100)},
       {"teacher_width", &d.teacher_width, "units of the teacher", at_least(1, 1000)},
       {"teacher_depth",
        &d.teacher_depth,
        "hidden layers of the teacher",
        at_least(0, 20)},
       {"file", &d.file, "csv, idx: the samples, from the config's folder"},
       {"labels", &d.labels, "idx: the labels, from the config's folder"},
       {"header", choice(d.header, {"auto", "yes", "no"}), "csv: is the first row one"},
       {"delimiter",
        &d.delimiter,
        "csv: auto, tab, or one character",
        {},
        "auto|tab|."},
       {"decimal", choice(d.decimal, {"point", "comma"}), "csv: 1.5 or 1,5"},
       {"targets", &d.targets, "csv: target columns by name or number; none: the last"},
       {"target_kind",
        choice(d.target_kind, {"auto", "numeric", "class"}),
        "csv: numbers or classes; auto: by the loss and the text"},
       {"symmetries",
        &d.symmetries,
        "symmetries of the data, for a coarser count: '-x2 x1 -> y1', ..., or "
        "permutations"},
       {"one_hot", &d.one_hot, "mse, huber: two classes as two columns, not as ±1"},
       {"standardize",
        choice(d.standardize, {"none", "inputs", "both"}),
        "subtract the mean, divide by the deviation of the training part"},
       {"features",
        &d.features,
        "inputs become so many random frozen features; 0: they stay",
        at_least(0, 10'000)},
       {"feature_activation",
        choice(d.feature_activation, {"tanh", "relu", "sin"}),
        "of frozen features"},
       {"subset",
        &d.subset,
        "keep so many samples at random; 0: all",
        at_least(0, 1e9)},
       {"test_fraction", &d.test_fraction, "held out at random", {0, 0.95}}}};
}

std::set<std::string> unread_data_keys(DataSource source) {
  using enum DataSource;
  // Keys that only some sources read.
  const std::vector<std::pair<std::string, std::set<DataSource>>> readers{
      {"samples", {kSine, kPolynomial, kBlobs, kMoons, kSpirals, kTeacher}},
      {"noise", {kXor, kSine, kPolynomial, kBlobs, kMoons, kSpirals, kTeacher}},
      {"inputs", {kBlobs, kTeacher, kGaussianPopulation}},
      {"classes", {kBlobs, kSpirals}},
      {"x", {kSingleSample}},
      {"y", {kSingleSample}},
      {"encoding", {kXor}},
      {"frequency", {kSine}},
      {"coefficients", {kPolynomial}},
      {"spread", {kBlobs}},
      {"turns", {kSpirals}},
      {"teacher_width", {kTeacher, kGaussianPopulation}},
      {"teacher_depth", {kTeacher}},
      {"file", {kCsv, kIdx}},
      {"labels", {kIdx}},
      {"header", {kCsv}},
      {"delimiter", {kCsv}},
      {"decimal", {kCsv}},
      {"targets", {kCsv}},
      {"target_kind", {kCsv}}};
  std::set<std::string> out;
  for (const auto& [key, sources] : readers) {
    if (!sources.contains(source)) out.insert(key);
  }
  return out;
}

}  // namespace basin
