#include "config/complaints.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "core/error.h"

namespace basin {
namespace {

constexpr size_t kMostComplaints = 50;

}  // namespace

void Complaints::add(int line, const std::string& place, const std::string& text) {
  const auto where =
      line > 0 ? fmt::format("{}:{}", file_, line) : std::string("--set");
  entries_.push_back(
      {line, place.empty() ? where + ": " + text : where + ": " + place + ": " + text});
}

void Complaints::raise() {
  if (entries_.empty()) return;
  std::stable_sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
    return a.line < b.line;
  });
  std::vector<std::string> lines;
  std::unordered_set<std::string> seen;
  for (const auto& entry : entries_) {
    if (seen.insert(entry.text).second && lines.size() < kMostComplaints)
      lines.push_back(entry.text);
  }
  if (seen.size() > lines.size())
    lines.push_back(fmt::format("and {} more", seen.size() - lines.size()));
  throw InputError(lines);
}

}  // namespace basin
