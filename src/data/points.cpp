#include "data/points.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <sstream>

#include "core/error.h"
#include "core/fault_list.h"
#include "core/file.h"

namespace basin {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 30;

/// A text file of numbers, and what is wrong with it.
struct Numbers {
  std::vector<std::vector<double>> rows;
  std::vector<int> lines;
  FaultList faults;
};

Numbers read_numbers(const std::filesystem::path& file) {
  Numbers out{{}, {}, FaultList(file.string())};
  std::istringstream text(read_file(file, kMostBytes));
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    std::istringstream words(line);
    std::vector<double> row;
    std::string word;
    while (words >> word) {
      double value = 0;
      const auto [end, error] =
          std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size() ||
          !std::isfinite(value)) {
        out.faults.add(number,
                       fmt::format("expected a finite number, came '{:.40}'", word));
        break;
      }
      row.push_back(value);
    }
    if (row.empty()) continue;
    out.rows.push_back(std::move(row));
    out.lines.push_back(number);
  }
  return out;
}

torch::Tensor read_binary(const std::filesystem::path& file, int64_t dimension) {
  const auto bytes = read_file(file, kMostBytes);
  const auto row = static_cast<size_t>(dimension) * sizeof(double);
  if (bytes.empty() || bytes.size() % row != 0) {
    throw InputError(
        fmt::format("{}: expected a multiple of {} bytes ({} numbers a "
                    "point), came {}",
                    file.string(),
                    row,
                    dimension,
                    bytes.size()));
  }
  auto out =
      at::empty({static_cast<int64_t>(bytes.size() / row), dimension}, torch::kFloat64);
  std::memcpy(out.data_ptr<double>(), bytes.data(), bytes.size());
  if (!out.isfinite().all().item<bool>())
    throw InputError(fmt::format("{}: expected finite numbers", file.string()));
  return out;
}

}  // namespace

torch::Tensor read_points(const std::filesystem::path& file, int64_t dimension) {
  if (file.filename().string().starts_with("points."))
    return read_binary(file, dimension);
  auto found = read_numbers(file);
  for (size_t i = 0; i < found.rows.size(); ++i) {
    if (static_cast<int64_t>(found.rows[i].size()) == dimension) continue;
    found.faults.add(
        found.lines[i],
        fmt::format("expected {} numbers, one a parameter of the network, came {}",
                    dimension,
                    found.rows[i].size()));
  }
  if (found.rows.empty()) found.faults.add(1, "expected points, came nothing");
  found.faults.raise();
  std::vector<torch::Tensor> out;
  for (const auto& row : found.rows) out.push_back(at::tensor(row, torch::kFloat64));
  return at::stack(out);
}

std::vector<double> read_energies(const std::filesystem::path& file) {
  auto found = read_numbers(file);
  found.faults.raise();
  std::vector<double> out;
  for (const auto& row : found.rows) out.push_back(row.size() == 2 ? row[1] : row[0]);
  return out;
}

}  // namespace basin
