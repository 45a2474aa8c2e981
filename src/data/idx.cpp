#include "data/idx.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <set>

#include "core/error.h"
#include "data/gzip.h"

namespace basin {
namespace {

uint32_t big_endian(const char* at) {
  uint32_t word = 0;
  for (int i = 0; i < 4; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
  return word;
}

template <typename T>
void decode(std::string_view bytes, double* out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    char word[sizeof(T)];
    for (size_t b = 0; b < sizeof(T); ++b) {
      word[sizeof(T) - 1 - b] = bytes[i * sizeof(T) + b];
    }
    T value;
    std::memcpy(&value, word, sizeof value);
    out[i] = static_cast<double>(value);
  }
}

size_t type_size(unsigned char type) {
  switch (type) {
    case 0x08:
    case 0x09:
      return 1;
    case 0x0b:
      return 2;
    case 0x0c:
    case 0x0d:
      return 4;
    case 0x0e:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

torch::Tensor parse_idx(std::string_view bytes, const std::string& name) {
  static_assert(std::endian::native == std::endian::little);
  const auto fail = [&](const std::string& text) -> void {
    throw InputError(name + ": " + text);
  };
  if (bytes.size() < 8 || bytes[0] != 0 || bytes[1] != 0) {
    fail(
        "expected an IDX file (two zero bytes first), came something else; text with "
        "commas is source: csv");
  }
  const auto type = static_cast<unsigned char>(bytes[2]);
  const auto width = type_size(type);
  if (width == 0) fail(fmt::format("expected an IDX type, came 0x{:02x}", type));
  const auto dims = static_cast<size_t>(static_cast<unsigned char>(bytes[3]));
  if (dims < 1 || dims > 4)
    fail(fmt::format("expected 1 to 4 dimensions, came {}", dims));
  const size_t start = 4 + 4 * dims;
  if (bytes.size() < start) fail("expected a whole header, came a truncated file");
  std::vector<int64_t> shape;
  double total = 1;
  for (size_t d = 0; d < dims; ++d) {
    shape.push_back(big_endian(bytes.data() + 4 + 4 * d));
    total *= static_cast<double>(shape.back());
  }
  if (total <= 0 ||
      total * static_cast<double>(width) != static_cast<double>(bytes.size() - start)) {
    fail(fmt::format("expected {} bytes of data as the header says, came {}",
                     total * static_cast<double>(width),
                     bytes.size() - start));
  }
  auto out = at::empty(shape, torch::kFloat64);
  auto* entry = out.data_ptr<double>();
  const auto count = static_cast<size_t>(total);
  const auto body = bytes.substr(start);
  switch (type) {
    case 0x08:
      decode<uint8_t>(body, entry, count);
      break;
    case 0x09:
      decode<int8_t>(body, entry, count);
      break;
    case 0x0b:
      decode<int16_t>(body, entry, count);
      break;
    case 0x0c:
      decode<int32_t>(body, entry, count);
      break;
    case 0x0d:
      decode<float>(body, entry, count);
      break;
    default:
      decode<double>(body, entry, count);
  }
  if (!out.isfinite().all().item<bool>()) fail("expected finite numbers, came others");
  return type == 0x08 && dims > 1 ? out / 255 : out;
}

namespace {

torch::Tensor read_array(const std::string& file,
                         std::vector<std::string>& complaints) {
  try {
    return parse_idx(read_maybe_gzip(file), file);
  } catch (const InputError& error) {
    complaints.insert(
        complaints.end(), error.complaints().begin(), error.complaints().end());
    return {};
  }
}

// One line for each file that does not hold what its key says.
void require_roles(const DataOptions& options,
                   const torch::Tensor& samples,
                   const torch::Tensor& labels,
                   std::vector<std::string>& complaints) {
  if (samples.defined() && samples.dim() < 2) {
    complaints.push_back(fmt::format(
        "{}: data.file: expected samples (IDX with 2 to 4 dimensions), came {} numbers "
        "in one dimension, as labels are stored",
        options.file,
        samples.size(0)));
  }
  if (labels.defined() && labels.dim() > 1) {
    complaints.push_back(
        fmt::format("{}: data.labels: expected labels (IDX with one dimension), came "
                    "{} samples in {} dimensions, as images are stored",
                    options.labels,
                    labels.size(0),
                    labels.dim()));
  }
  if (!complaints.empty()) return;
  if (labels.size(0) != samples.size(0)) {
    complaints.push_back(
        fmt::format("{}: expected one label for each of the {} samples of {}, came {}",
                    options.labels,
                    samples.size(0),
                    options.file,
                    labels.size(0)));
  }
  if (!labels.equal(labels.floor())) {
    complaints.push_back(fmt::format(
        "{}: data.labels: expected whole numbers, came fractions", options.labels));
  }
}

}  // namespace

Dataset read_idx(const DataOptions& options) {
  std::vector<std::string> complaints;
  const auto samples = read_array(options.file, complaints);
  const auto labels = read_array(options.labels, complaints);
  require_roles(options, samples, labels, complaints);
  if (!complaints.empty()) throw InputError(complaints);
  Dataset data{.name = options.file, .inputs = samples.reshape({samples.size(0), -1})};
  const auto* label = labels.data_ptr<double>();
  const std::set<double> values(label, label + labels.numel());
  if (values.size() < 2) {
    throw InputError(fmt::format(
        "{}: expected at least two classes, came {}", options.labels, values.size()));
  }
  data.labels = at::empty({labels.size(0)}, torch::kInt64);
  for (int64_t i = 0; i < labels.size(0); ++i) {
    data.labels[i] = std::distance(values.begin(), values.find(label[i]));
  }
  for (const auto value : values) data.classes.push_back(fmt::format("{}", value));
  return data;
}

}  // namespace basin
