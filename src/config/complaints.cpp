#include "config/complaints.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"

namespace basin {
namespace {

constexpr size_t kMostComplaints = 50;

// Levenshtein's distance: insertions, deletions, changes.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

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
  for (const auto& entry : entries_) {
    if (std::find(lines.begin(), lines.end(), entry.text) != lines.end()) continue;
    if (lines.size() == kMostComplaints) {
      lines.push_back("... and more");
      break;
    }
    lines.push_back(entry.text);
  }
  throw InputError(lines);
}

std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
  if (word.size() > 100) return "";
  const std::string* best = nullptr;
  size_t least = word.size() <= 4 ? 2 : 4;
  for (const auto& candidate : known) {
    const auto distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  return best != nullptr ? fmt::format(", did you mean '{}'?", *best) : "";
}

}  // namespace basin
