#include "core/fault_list.h"

#include <fmt/format.h>

#include "core/error.h"

namespace basin {
namespace {

constexpr size_t kMostLines = 20;

}  // namespace

void FaultList::add(int64_t line, const std::string& text) {
  ++count_;
  if (lines_.size() == kMostLines) return;
  lines_.push_back(line > 0 ? fmt::format("{}:{}: {}", file_, line, text)
                            : fmt::format("{}: {}", file_, text));
}

void FaultList::raise() const {
  if (lines_.empty()) return;
  auto lines = lines_;
  const auto more = count_ - static_cast<int64_t>(lines.size());
  if (more > 0) lines.push_back(fmt::format("{}: and {} more", file_, more));
  throw InputError(lines);
}

void FaultList::fail(const std::string& text) {
  add(0, text);
  raise();
  throw ContractError("FaultList: no fault to raise");
}

}  // namespace basin
