#include "config/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "config/synonyms.h"

namespace basin {
namespace {

using Words = std::vector<std::string>;

constexpr size_t kLongestWord = 100;
constexpr size_t kMostSuggestions = 3;

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

// ReLU, Leaky-ReLU -> relu, leaky_relu.
std::string plain(const std::string& word) {
  std::string out;
  for (const char c : word) {
    out += c == '-' || c == ' '   ? '_'
           : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a')
                                  : c;
  }
  return out;
}

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string last_word(const std::string& key) {
  return key.substr(key.find_last_of('.') + 1);
}

// The word itself in plain spelling, else its synonyms, as far as they are known.
Words same_meaning(const std::string& word, const Words& known) {
  const auto simple = plain(word);
  if (simple != word && contains(known, simple)) return {simple};
  Words out;
  for (const auto& meant : synonyms_of(simple)) {
    if (contains(known, meant)) out.push_back(meant);
  }
  return out;
}

Words nearest(const std::string& word, const Words& known) {
  const std::string* best = nullptr;
  size_t least = word.size() <= 4 ? 2 : 4;
  for (const auto& candidate : known) {
    const auto distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      best = &candidate;
    }
  }
  return best != nullptr ? Words{*best} : Words{};
}

// The dotted keys whose last word is one of these.
Words with_last_word(const Words& last, const Words& all) {
  Words out;
  for (const auto& word : last) {
    for (const auto& key : all) {
      if (last_word(key) == word) out.push_back(key);
    }
  }
  return out;
}

std::string question(Words words) {
  if (words.empty()) return "";
  if (words.size() > kMostSuggestions) words.resize(kMostSuggestions);
  return fmt::format(", did you mean '{}'?", fmt::join(words, "' or '"));
}

}  // namespace

std::string suggestion(const std::string& word, const Words& known) {
  if (word.size() > kLongestWord) return "";
  const auto meant = same_meaning(word, known);
  return question(meant.empty() ? nearest(word, known) : meant);
}

std::string key_suggestion(const std::string& key,
                           const Words& known,
                           const Words& all) {
  if (key.size() > kLongestWord) return "";
  auto found = same_meaning(key, known);
  const auto word = last_word(key);
  if (found.empty()) found = with_last_word({plain(word)}, all);
  if (found.empty()) found = with_last_word(synonyms_of(plain(word)), all);
  if (found.empty()) found = nearest(key, known);
  if (found.empty()) {
    Words last;
    for (const auto& each : all) last.push_back(last_word(each));
    found = with_last_word(nearest(word, last), all);
  }
  return question(found);
}

}  // namespace basin
