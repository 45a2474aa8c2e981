#include "data/load.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random_vector.h"
#include "data/builtin.h"
#include "data/csv.h"
#include "data/idx.h"
#include "data/plain_product.h"
#include "data/synthetic.h"

namespace basin {
namespace {

Dataset raw_data(const DataOptions& options, uint64_t seed, TargetUse use) {
  switch (options.source) {
    case DataSource::kCsv:
      return read_csv(options, use);
    case DataSource::kIdx:
      return read_idx(options);
    case DataSource::kIris:
    case DataSource::kWine:
    case DataSource::kBreastCancer:
    case DataSource::kDiabetes:
    case DataSource::kDigits:
      return builtin_set(options);
    default:
      return synthetic_data(options, seed);
  }
}

torch::Tensor index_tensor(std::vector<int64_t> index) {
  std::sort(index.begin(), index.end());
  return at::tensor(index, torch::kInt64);
}

void standardize(torch::Tensor& train, torch::Tensor& test) {
  const auto mean = train.mean(0, /*keepdim=*/true);
  auto scale = (train - mean).square().mean(0, /*keepdim=*/true).sqrt();
  scale = at::where(scale > 0, scale, at::ones_like(scale));
  train = (train - mean) / scale;
  test = (test - mean) / scale;
}

torch::Tensor frozen_features(const DataOptions& o,
                              uint64_t seed,
                              const torch::Tensor& inputs) {
  RandomStream random(seed, Stream::kFeatures, 0);
  const auto d = inputs.size(1);
  if (inputs.size(0) * o.features > 250'000'000) {
    throw InputError(fmt::format(
        "data.features: expected at most 2.5e8 numbers in all, came {} x {} samples",
        o.features,
        inputs.size(0)));
  }
  const auto v = normal_vector(random, o.features * d).view({o.features, d});
  const auto c = normal_vector(random, o.features);
  const auto z = plain_product(inputs, v.t()) / std::sqrt(static_cast<double>(d)) + c;
  if (o.feature_activation == FeatureKind::kTanh) return at::tanh(z);
  return o.feature_activation == FeatureKind::kRelu ? z.clamp_min(0) : at::sin(z);
}

void require_variety(const Dataset& data, const std::string& part) {
  if (!data.has_classes() || data.samples() == 0) return;
  if ((data.labels == data.labels[0]).all().item<bool>() && data.samples() > 1) {
    throw InputError(
        fmt::format("data: {}: expected at least two classes{}, came only '{}'",
                    data.name,
                    part,
                    data.classes[static_cast<size_t>(data.labels[0].item<int64_t>())]));
  }
}

}  // namespace

DataSplit load_data(const DataOptions& options, uint64_t seed, TargetUse use) {
  auto all = raw_data(options, seed, use);
  if (all.has_classes() && !all.targets.defined()) encode_classes(all, options.one_hot);
  const auto total = all.samples();
  const auto kept = options.subset > 0 ? options.subset : total;
  if (kept > total) {
    throw InputError(
        fmt::format("data.subset: expected at most the {} samples there are, came {}",
                    total,
                    kept));
  }
  const auto held = static_cast<int64_t>(
      std::llround(options.test_fraction * static_cast<double>(kept)));
  if (kept - held < 1) {
    throw InputError(fmt::format(
        "data.test_fraction: expected at least one sample left to train on, came 0 of "
        "{}",
        kept));
  }
  const auto order = RandomStream(seed, Stream::kSplit, 0).permutation(total);
  const auto train_end = order.begin() + (kept - held);
  DataSplit split{
      .train = select_samples(all, index_tensor({order.begin(), train_end})),
      .test = select_samples(all, index_tensor({train_end, order.begin() + kept}))};
  require_variety(split.train, " to train on");
  if (options.standardize != Standardize::kNone) {
    standardize(split.train.inputs, split.test.inputs);
  }
  if (options.standardize == Standardize::kBoth && !all.has_classes()) {
    standardize(split.train.targets, split.test.targets);
  }
  for (auto* part : {&split.train, &split.test}) {
    if (options.features > 0) {
      part->inputs = frozen_features(options, seed, part->inputs);
    }
    part->sha256 = content_hash(*part);
  }
  return split;
}

}  // namespace basin
