#include "core/error.h"

#include <utility>

namespace basin {
namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

InputError::InputError(std::vector<std::string> complaints)
    : std::runtime_error(joined(complaints)), complaints_(std::move(complaints)) {}

void require(bool condition, const char* message) {
  if (!condition) throw ContractError(message);
}

}  // namespace basin
