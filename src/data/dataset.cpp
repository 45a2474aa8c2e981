#include "data/dataset.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include "core/file.h"

namespace basin {
namespace {

std::string bytes_of(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "none";
  const auto flat = tensor.contiguous();
  return fmt::format("{};{};", flat.dim(), flat.numel()) +
         std::string(static_cast<const char*>(flat.data_ptr()), flat.nbytes());
}

}  // namespace

Dataset select_samples(const Dataset& data, const torch::Tensor& index) {
  Dataset out = data;
  out.inputs = data.inputs.index_select(0, index);
  out.targets = data.targets.index_select(0, index);
  if (data.labels.defined()) out.labels = data.labels.index_select(0, index);
  return out;
}

std::string content_hash(const Dataset& data) {
  return sha256(bytes_of(data.inputs) + bytes_of(data.targets) + bytes_of(data.labels));
}

void encode_classes(Dataset& data, bool one_hot) {
  const auto count = static_cast<int64_t>(data.classes.size());
  if (count == 2 && !one_hot) {
    data.targets = (data.labels.to(torch::kFloat64) * 2 - 1).unsqueeze(1);
    return;
  }
  data.targets = at::zeros({data.labels.size(0), count}, torch::kFloat64);
  data.targets.scatter_(1, data.labels.unsqueeze(1), 1.0);
}

}  // namespace basin
