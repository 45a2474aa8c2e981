#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

namespace basin {

/// Samples with targets. Numbers are float64 on the CPU.
struct Dataset {
  std::string name;
  torch::Tensor inputs;   ///< X, `[N, d]`
  torch::Tensor targets;  ///< Y, `[N, K]`: values; for classes ±1 (two) or one-hot
  torch::Tensor labels;   ///< class of each sample, `[N]` int64; undefined if none
  std::vector<std::string> classes;  ///< names of the classes; empty if none
  std::string sha256;                ///< of inputs, targets and labels, after `prepare`

  int64_t samples() const { return inputs.size(0); }
  bool has_classes() const { return !classes.empty(); }
};

/// Data to train on, and data held out. `test` has no samples if none were asked for.
struct DataSplit {
  Dataset train;
  Dataset test;
};

/// Rows `index` (`[M]` int64) of a data set.
Dataset select_samples(const Dataset& data, const torch::Tensor& index);

/// SHA-256 over the shapes and bytes of all numbers.
std::string content_hash(const Dataset& data);

/// Fills `targets` from `labels`: two classes -> ±1 in one column (one-hot if
/// `one_hot`), more -> one-hot columns.
void encode_classes(Dataset& data, bool one_hot);

}  // namespace basin
