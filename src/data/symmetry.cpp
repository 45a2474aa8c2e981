#include "data/symmetry.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <sstream>

#include "core/error.h"

namespace basin {
namespace {

using torch::Tensor;

// "-x2 x1" with `letter` x.
SignedPermutation parse_part(const std::string& text,
                             char letter,
                             int64_t count,
                             const std::string& whole,
                             const std::string& key) {
  SignedPermutation out;
  std::istringstream words(text);
  std::vector<bool> seen(static_cast<size_t>(count), false);
  std::string word;
  bool valid = true;
  while (words >> word) {
    const bool minus = word[0] == '-';
    const auto name = word.substr(minus ? 1 : 0);
    int64_t number = 0;
    if (name.size() < 2 || name.size() > 7 || name[0] != letter ||
        name.find_first_not_of("0123456789", 1) != std::string::npos) {
      valid = false;
      break;
    }
    number = std::stoll(name.substr(1));
    valid = number >= 1 && number <= count && !seen[static_cast<size_t>(number - 1)];
    if (!valid) break;
    seen[static_cast<size_t>(number - 1)] = true;
    out.from.push_back(number - 1);
    out.sign.push_back(minus ? -1 : 1);
  }
  if (!valid || static_cast<int64_t>(out.from.size()) != count) {
    throw InputError(fmt::format(
        "{}: expected {}1{} each once, with or without a minus, as in '-x2 x1 -> y1', "
        "came '{}'",
        key,
        letter,
        count > 1 ? fmt::format(" to {}{}", letter, count) : "",
        whole));
  }
  return out;
}

SignedPermutation identity(int64_t size) {
  SignedPermutation out;
  for (int64_t i = 0; i < size; ++i) {
    out.from.push_back(i);
    out.sign.push_back(1);
  }
  return out;
}

Tensor moved(const Tensor& rows, const SignedPermutation& p) {
  return rows.index_select(1, at::tensor(p.from, torch::kInt64)) *
         at::tensor(p.sign, torch::kFloat64);
}

}  // namespace

std::vector<DataSymmetry> parse_symmetry(const std::string& text,
                                         int64_t inputs,
                                         int64_t outputs,
                                         const std::string& key) {
  if (text == "permutations") {
    auto swap = identity(inputs), turn = identity(inputs);
    if (inputs < 2) return {};
    std::swap(swap.from[0], swap.from[1]);
    for (auto& from : turn.from) from = (from + 1) % inputs;
    return {{swap, identity(outputs)}, {turn, identity(outputs)}};
  }
  const auto arrow = text.find("->");
  if (arrow == std::string::npos) {
    throw InputError(fmt::format(
        "{}: expected 'permutations', or inputs, an arrow and outputs, as in "
        "'-x2 x1 -> y1', came '{}'",
        key,
        text));
  }
  return {{parse_part(text.substr(0, arrow), 'x', inputs, text, key),
           parse_part(text.substr(arrow + 2), 'y', outputs, text, key)}};
}

void require_permutation(const DataSymmetry& symmetry, const std::string& key) {
  for (const auto* part : {&symmetry.inputs, &symmetry.outputs}) {
    for (const double sign : part->sign) {
      if (sign > 0) continue;
      throw InputError(
          fmt::format("{}: expected a symmetry of the data, but this teacher allows no "
                      "change of sign",
                      key));
    }
  }
}

void require_symmetry(const Dataset& data,
                      const Tensor& targets,
                      const DataSymmetry& symmetry,
                      const std::string& key) {
  const auto rows = at::cat({data.inputs, targets}, 1);
  const auto images = at::cat(
      {moved(data.inputs, symmetry.inputs), moved(targets, symmetry.outputs)}, 1);
  const double tolerance = 1e-12 * (1 + rows.abs().max().item<double>());
  // Every image has a partner of its own: equal samples count as often as they occur.
  std::vector<bool> taken(static_cast<size_t>(rows.size(0)), false);
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const auto off = std::get<0>((rows - images[i]).abs().max(1));
    const auto near = (off <= tolerance).nonzero().squeeze(1);
    bool found = false;
    for (int64_t k = 0; k < near.size(0) && !found; ++k) {
      const auto j = static_cast<size_t>(near[k].item<int64_t>());
      found = !taken[j];
      if (found) taken[j] = true;
    }
    if (!found) {
      throw InputError(
          fmt::format("{}: expected a symmetry of the data, but the image of sample {} "
                      "is not in it",
                      key,
                      i));
    }
  }
}

}  // namespace basin
